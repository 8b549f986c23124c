"""Character language models whose weights a small LSTM scales: Ha et al., 2017."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import HyperLSTMSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec

EMBEDDED = "characters are embedded in 50 numbers, not one-hot"


def _model(layer_norm: bool, published: int, deviations: str) -> NamedModel:
    normalised = ", normalised" if layer_norm else ""
    cell = HyperLSTMSpec(hyper=128, embedding=4, layer_norm=layer_norm)
    return NamedModel(
        summary=f"character language model: an LSTM of 1000, its weights scaled by one of 128{normalised}",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(cell=cell, hidden_size=1000),
            vocab_size=50,
            output_size=50,
            embedding_size=50,
            input_dropout=0.1,
            output_dropout=0.1,
        ),
        paper="Ha et al., 2017, https://arxiv.org/abs/1609.09106",
        published=published,
        rounded_to=10_000,
        deviations=deviations,
    )


MODELS = {
    "hyper-lstm-ptb-characters": _model(False, 4_910_000, f"{EMBEDDED}; no recurrent dropout"),
    "hyper-lstm-ln-ptb-characters": _model(
        True, 4_920_000, f"{EMBEDDED}; no recurrent dropout; the small LSTM is not normalised"
    ),
}
