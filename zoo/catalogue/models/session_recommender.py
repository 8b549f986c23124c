"""A recommender that reads a session click by click: Hidasi et al., 2016."""

from zoo.catalogue.entry import NamedModel
from zoo.model import ModelSpec
from zoo.stack import StackSpec

MODELS = {
    "gru4rec-rsc15": NamedModel(
        summary="the next item of a session among 37,483: one GRU layer of 100",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(cell="gru", hidden_size=100), vocab_size=37_483, output_size=37_483
        ),
        paper="Hidasi et al., 2016, https://arxiv.org/abs/1511.06939",
        deviations="items are embedded in 100 numbers, not one-hot; cross-entropy, no ranking loss",
    )
}
