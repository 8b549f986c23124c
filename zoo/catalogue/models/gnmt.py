"""Google's translation system of 2016: Wu et al."""

from zoo.catalogue.entry import NamedModel
from zoo.model import ModelSpec
from zoo.seq2seq import DecoderSpec
from zoo.stack import StackSpec
from zoo.stack.spec import DirectionName

FORWARD: tuple[DirectionName, ...] = ("forward",) * 7
ENCODER = StackSpec(
    cell="lstm",
    hidden_size=1024,
    num_layers=8,
    direction=("bidirectional", *FORWARD),
    wiring="gnmt",
    dropout=0.2,
)
PAPER = "Wu et al., 2016, https://arxiv.org/abs/1609.08144"

MODELS = {
    "gnmt": NamedModel(
        summary="translation: encoder and decoder of 8 LSTM layers of 1024, residual from the third on",
        task="sequence_to_sequence",
        network=ModelSpec(encoder=ENCODER, vocab_size=32_000, output_size=32_000, input_dropout=0.2),
        decoder=DecoderSpec(
            stack=StackSpec(cell="lstm", hidden_size=1024, num_layers=8, wiring="gnmt", dropout=0.2),
            attention="additive",
            attention_size=1024,
            bridge="zero",
        ),
        paper=PAPER,
        deviations="the decoder's last layer attends, where in the paper the first one does and all layers "
        "read its context",
    ),
    "gnmt-encoder": NamedModel(
        summary="translation encoder: 8 LSTM layers, the first bidirectional, residual from the third on",
        task="sequence_classifier",
        network=ModelSpec(encoder=ENCODER, vocab_size=32_000, output_size=2, pooling="attention"),
        paper=PAPER,
        deviations="the encoder alone, read by attention pooling",
    ),
}
