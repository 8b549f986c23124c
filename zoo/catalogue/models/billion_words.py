"""Language models of a billion words, whose LSTMs are projected: Jozefowicz et al., 2016."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import LSTMPSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec

WORDS = 793_470


def _model(layers: int, width: int, projection: int, dropout: float, published: int, unit: int) -> NamedModel:
    return NamedModel(
        summary=f"language model of a billion words: {layers} LSTM layer{'s' * (layers > 1)} of {width}, "
        f"projected to {projection}",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(
                cell=LSTMPSpec(projection=projection, peephole=False),
                hidden_size=width,
                num_layers=layers,
                dropout=dropout if layers > 1 else 0.0,
            ),
            vocab_size=WORDS,
            output_size=WORDS,
            embedding_size=projection,
            input_dropout=dropout,
            output_dropout=dropout,
        ),
        paper="Jozefowicz et al., 2016, https://arxiv.org/abs/1602.02410",
        published=published,
        rounded_to=unit,
        deviations="a softmax over all words, none sampled",
    )


MODELS = {
    "lstm-2048-512": _model(1, 2048, 512, 0.1, 830_000_000, 10_000_000),
    "big-lstm": _model(2, 8192, 1024, 0.25, 1_800_000_000, 100_000_000),
}
