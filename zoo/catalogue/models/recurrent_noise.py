"""Character language models with noise in what they remember: Krueger et al., 2017; Ha et al., 2017."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import LayerNormLSTMSpec, LSTMSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.switches import RecurrentDropoutSpec, ZoneoutSpec

CHARACTERS = 50
EMBEDDED = "characters are embedded in 50 numbers, not one-hot"


def _network(encoder: StackSpec, dropout: float = 0.0) -> ModelSpec:
    return ModelSpec(
        encoder=encoder,
        vocab_size=CHARACTERS,
        output_size=CHARACTERS,
        embedding_size=CHARACTERS,
        input_dropout=dropout,
        output_dropout=dropout,
    )


MODELS = {
    "zoneout-lstm-ptb-characters": NamedModel(
        summary="character language model of PTB: an LSTM of 1000, half of its cells kept at each step",
        task="language_model",
        network=_network(
            StackSpec(cell=LSTMSpec(forget_bias=0.0), hidden_size=1000, switches=ZoneoutSpec(h=0.05, c=0.5))
        ),
        paper="Krueger et al., 2017, https://arxiv.org/abs/1606.01305",
        deviations=EMBEDDED,
    ),
    "ln-lstm-ptb-characters": NamedModel(
        summary="character language model of PTB: an LSTM of 1000, normalised, with recurrent dropout",
        task="language_model",
        network=_network(
            StackSpec(cell=LayerNormLSTMSpec(), hidden_size=1000, switches=RecurrentDropoutSpec(rate=0.1)),
            dropout=0.1,
        ),
        paper="Ha et al., 2017, https://arxiv.org/abs/1609.09106",
        deviations=f"{EMBEDDED}; sums of inputs and of states are normalised apart",
    ),
}
