"""The character language model of Karpathy's char-rnn."""

from zoo.catalogue.entry import NamedModel
from zoo.model import ModelSpec
from zoo.stack import StackSpec

MODELS = {
    "char-rnn": NamedModel(
        summary="character language model, 2 layers of 128",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(cell="lstm", hidden_size=128, num_layers=2), vocab_size=65, output_size=65
        ),
        paper="Karpathy et al., 2015, https://arxiv.org/abs/1506.02078",
        deviations="characters are embedded, not one-hot",
    )
}
