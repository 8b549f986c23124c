"""The character language model that generated text: Graves, 2013."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import PeepholeLSTMSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec

MODELS = {
    "graves-ptb-characters": NamedModel(
        summary="character language model of PTB: one LSTM layer of 1000 with peepholes",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(cell=PeepholeLSTMSpec(), hidden_size=1000),
            vocab_size=49,
            output_size=49,
            embedding_size=49,
        ),
        paper="Graves, 2013, https://arxiv.org/abs/1308.0850",
        published=4_300_000,
        rounded_to=100_000,
        deviations="characters are embedded in 49 numbers, not one-hot",
    )
}
