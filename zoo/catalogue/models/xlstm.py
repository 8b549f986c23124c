"""Language models of xLSTMs, and the LSTMs that they grew out of: Beck et al., 2024 and 2025.

The first paper's numbers come out at a vocabulary of 50,304, that of GPT-2 in whole multiples of 64. xLSTM 7B
has the sizes of its published weights, https://huggingface.co/NX-AI/xLSTM-7b, which `zoo.from_weights` reads.
"""

from zoo.catalogue.entry import NamedModel
from zoo.cells import CellSpec, LSTMSpec, MLSTMSpec, SLSTMSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.wiring import BlockSpec, WiringSpec

PAPER = "Beck et al., 2024, https://arxiv.org/abs/2405.04517"
VOCABULARY = 50_304
DEPTH, STREAM, HEADS = 24, 768, 4
WIDE = BlockSpec(norm="layer", expansion=0.0, project=True)
"""Around an mLSTM that is itself wider than the stream."""
THEN_WIDE = BlockSpec(norm="layer", mlp="geglu", expansion=4 / 3)
"""Around an sLSTM as wide as the stream, behind which a perceptron is wider."""


def _xlstm(ratio: str, scalar: tuple[int, ...]) -> NamedModel:
    """24 blocks of an mLSTM, but for those of an sLSTM, at these places from 0."""
    cells: list[CellSpec] = [MLSTMSpec(heads=HEADS)] * DEPTH
    widths, wirings = [2 * STREAM] * DEPTH, [WIDE] * DEPTH
    for place in scalar:
        cells[place], widths[place], wirings[place] = SLSTMSpec(heads=HEADS), STREAM, THEN_WIDE
    encoder = StackSpec(
        cell=tuple(cells), hidden_size=(STREAM, *widths[1:]), num_layers=DEPTH, wiring=tuple(wirings)
    )
    return NamedModel(
        summary=f"language model of SlimPajama: xLSTM[{ratio}], 24 blocks around a stream of 768",
        task="language_model",
        network=ModelSpec(encoder=encoder, vocab_size=VOCABULARY, output_size=VOCABULARY),
        paper=PAPER,
        deviations="no convolution, no second branch that gates an mLSTM, no norm of its heads; matrices "
        "are full, not of blocks; the first mLSTM is as wide as the stream",
    )


def _lstm(wiring: str | WiringSpec, words: str, deviations: str, published: int | None = None) -> NamedModel:
    return NamedModel(
        summary=f"language model of SlimPajama: 24 LSTM layers of 1536, {words}",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(cell=LSTMSpec(forget_bias=0.0), hidden_size=1536, num_layers=24, wiring=wiring),
            vocab_size=VOCABULARY,
            output_size=VOCABULARY,
        ),
        paper=PAPER,
        published=published,
        rounded_to=100_000,
        deviations=deviations,
    )


XLSTM_7B = NamedModel(
    summary="language model xLSTM 7B: 32 blocks of an mLSTM and a gated perceptron, a stream of 4096",
    task="language_model",
    network=ModelSpec(
        encoder=StackSpec(
            cell=MLSTMSpec(
                heads=8,
                input_bias=-10.0,
                gate_bias_only=True,
                key_ratio=0.5,
                gate_cap=15.0,
                head_norm=True,
                read_epsilon=1e-6,
            ),
            hidden_size=4096,
            num_layers=32,
            wiring=BlockSpec(
                norm="rms", norm_epsilon=1e-6, mlp="swiglu", expansion=10_944 / 4096, project=True
            ),
        ),
        vocab_size=VOCABULARY,
        output_size=VOCABULARY,
        head_bias=False,
        logit_cap=30.0,
    ),
    paper="Beck et al., 2025, https://arxiv.org/abs/2503.13427",
    published=6_865_424_896,
)

MODELS = {
    "xlstm-1-0": _xlstm("1:0", ()),
    "xlstm-7-1": _xlstm("7:1", (3, 20)),
    "xlstm-7b": XLSTM_7B,
    "deep-lstm-slimpajama": _lstm("plain", "one upon the other", "", 607_800_000),
    "deep-pre-norm-lstm-slimpajama": _lstm(
        "pre_norm", "each added to what it read normalised", "wider than the paper's, of 506.1M parameters"
    ),
}
