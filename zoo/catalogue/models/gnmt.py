"""Google's translation system of 2016: Wu et al."""

from zoo.catalogue.entry import NamedModel
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.stack.spec import DirectionName

FORWARD: tuple[DirectionName, ...] = ("forward",) * 7

MODELS = {
    "gnmt-encoder": NamedModel(
        summary="translation encoder: 8 LSTM layers, the first bidirectional, residual from the third on",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(
                cell="lstm",
                hidden_size=1024,
                num_layers=8,
                direction=("bidirectional", *FORWARD),
                wiring=("plain", "plain", *["residual"] * 6),
                dropout=0.2,
            ),
            vocab_size=32_000,
            output_size=2,
            pooling="attention",
        ),
        paper="Wu et al., 2016, https://arxiv.org/abs/1609.08144",
        deviations="the encoder alone, read by attention pooling",
    )
}
