"""LSTM language models with one dropout mask a sequence: Gal & Ghahramani, 2016."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import LSTMSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec


def _model(size: str, width: int, dropout: float, init_range: float, published: int) -> NamedModel:
    return NamedModel(
        summary=f"word language model with variational dropout, {size}: 2 layers of {width}",
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
        paper="Gal & Ghahramani, 2016, https://arxiv.org/abs/1512.05287",
        published=published,
        rounded_to=1_000_000,
        deviations="dropout is drawn anew each step, and neither recurrent units nor whole words are dropped",
    )


MODELS = {
    "variational-lstm-medium": _model("medium", 650, 0.5, 0.05, 20_000_000),
    "variational-lstm-large": _model("large", 1500, 0.5, 0.04, 66_000_000),
}
