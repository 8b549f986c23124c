"""Language models that were tuned at length: the LSTMs of Melis et al., 2018, and the Mogrifier of 2020."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import LSTMSpec, MogrifierLSTMSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.switches import VariationalDropoutSpec

CAPPED = "the input gate may exceed 1 - f; before the head dropout is drawn anew each step"
SUMMED = "each layer reads the sum of all below, where the paper's read the one below and the head the sum"

MODELS = {
    "melis-lstm-ptb": NamedModel(
        summary="word language model of PTB: 4 LSTM layers of 723, summed, tied embedding",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(
                cell=LSTMSpec(forget_bias=1.0),
                hidden_size=723,
                num_layers=4,
                wiring=("plain", "residual", "residual", "residual"),
                switches=(
                    VariationalDropoutSpec(layers=0, input=0.63, recurrent=0.64),
                    VariationalDropoutSpec(layers=(1, 2, 3), input=0.31, recurrent=0.64),
                ),
            ),
            vocab_size=10_001,
            output_size=10_001,
            output_dropout=0.7,
            tie_weights=True,
        ),
        paper="Melis et al., 2018, https://arxiv.org/abs/1707.05589",
        published=24_000_000,
        rounded_to=1_000_000,
        deviations=f"{SUMMED}; {CAPPED}",
    ),
    "mogrifier-ptb": NamedModel(
        summary="word language model of PTB: 2 Mogrifier layers, 5 rounds of rank 84, summed",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(
                cell=MogrifierLSTMSpec(rounds=5, rank=84),
                hidden_size=912,
                num_layers=2,
                wiring=("plain", "residual"),
                switches=(
                    VariationalDropoutSpec(layers=0, input=0.73, recurrent=0.0),
                    VariationalDropoutSpec(layers=1, input=0.29, recurrent=0.0),
                ),
            ),
            vocab_size=10_001,
            output_size=10_001,
            output_dropout=0.72,
            tie_weights=True,
        ),
        paper="Melis et al., 2020, https://arxiv.org/abs/1909.01792",
        published=24_000_000,
        rounded_to=1_000_000,
        deviations=f"gates of the rounds have no bias; {CAPPED}, and no recurrent units are dropped",
    ),
}
