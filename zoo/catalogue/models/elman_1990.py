"""The network that found structure in time: Elman, 1990."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import ElmanSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec

MODELS = {
    "elman-sentences": NamedModel(
        summary="next word of two- and three-word sentences: 150 sigmoid units over 31 one-hot words",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(cell=ElmanSpec(activation="sigmoid"), hidden_size=150),
            vocab_size=31,
            output_size=31,
            embedding_size=31,
        ),
        paper="Elman, 1990, https://doi.org/10.1207/s15516709cog1402_1",
        deviations="words are embedded in 31 numbers, not one-hot; a softmax in place of sigmoids",
    )
}
