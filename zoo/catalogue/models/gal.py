"""LSTM language models with one dropout mask a sequence: Gal & Ghahramani, 2016."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import LSTMSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.switches import VariationalDropoutSpec

MASKS = (
    VariationalDropoutSpec(input=0.5, recurrent=0.3),
    VariationalDropoutSpec(layers=1, recurrent=0.0, output=0.5),
)
"""Shares of what layers read and remember that is dropped, and of what the head reads."""
SHARED = "the gates of a layer share a mask; no whole words are dropped"


def _model(size: str, width: int, init_range: float, published: int, deviations: str) -> NamedModel:
    return NamedModel(
        summary=f"word language model with variational dropout, {size}: 2 layers of {width}",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(
                cell=LSTMSpec(forget_bias=0.0), hidden_size=width, num_layers=2, switches=MASKS
            ),
            vocab_size=10_000,
            output_size=10_000,
            init_range=init_range,
        ),
        paper="Gal & Ghahramani, 2016, https://arxiv.org/abs/1512.05287",
        published=published,
        rounded_to=1_000_000,
        deviations=deviations,
    )


MODELS = {
    "variational-lstm-medium": _model(
        "medium", 650, 0.05, 20_000_000, f"{SHARED}; shares of dropout are those of the large one"
    ),
    "variational-lstm-large": _model("large", 1500, 0.04, 66_000_000, SHARED),
}
