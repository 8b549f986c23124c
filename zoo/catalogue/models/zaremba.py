"""LSTM language models with dropout between layers only: Zaremba et al., 2014."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import LSTMSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec


def _model(size: str, width: int, dropout: float, init_range: float, published: int) -> NamedModel:
    return NamedModel(
        summary=f"word language model, {size}: 2 layers of {width}"
        + (", dropout between them" if dropout else ""),
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(
                cell=LSTMSpec(forget_bias=0.0), hidden_size=width, num_layers=2, dropout=dropout
            ),
            vocab_size=10_000,
            output_size=10_000,
            input_dropout=dropout,
            output_dropout=dropout,
            init_range=init_range,
        ),
        paper="Zaremba et al., 2014, https://arxiv.org/abs/1409.2329",
        published=published,
        rounded_to=100_000 if size == "small" else 1_000_000,
    )


MODELS = {
    "zaremba-small": _model("small", 200, 0.0, 0.1, 4_600_000),
    "zaremba-medium": _model("medium", 650, 0.5, 0.05, 20_000_000),
    "zaremba-large": _model("large", 1500, 0.65, 0.04, 66_000_000),
}
