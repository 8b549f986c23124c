"""Recurrences without a look at their own state, in blocks: Feng et al., 2024."""

from zoo.catalogue.entry import NamedModel
from zoo.cells import CellSpec, MinGRUSpec, MinLSTMSpec
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.wiring import BlockSpec

PAPER = "Feng et al., 2024, https://arxiv.org/abs/2410.01201"
GRU, LSTM = MinGRUSpec(candidate="positive"), MinLSTMSpec(candidate="positive")
BLOCKS = BlockSpec(norm="layer", mlp="geglu", expansion=8 / 3)
NO_CONVOLUTION = "no convolution before the recurrence"


def _characters(cell: CellSpec, words: str) -> NamedModel:
    return NamedModel(
        summary=f"character language model of tiny Shakespeare: 3 blocks of a {words} of 384",
        task="language_model",
        network=ModelSpec(
            encoder=StackSpec(cell=cell, hidden_size=384, num_layers=3, wiring=BLOCKS, dropout=0.2),
            vocab_size=65,
            output_size=65,
            input_dropout=0.2,
        ),
        paper=PAPER,
        deviations=f"the widths are ours; {NO_CONVOLUTION}",
    )


def _copying(cell: CellSpec, words: str) -> NamedModel:
    return NamedModel(
        summary=f"16 of 4096 tokens again, as they stood among blanks: 3 layers of a {words} of 64",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(cell=cell, hidden_size=64, num_layers=3, wiring="pre_norm"),
            vocab_size=16,
            output_size=16,
        ),
        paper=PAPER,
        deviations=f"the widths are ours; {NO_CONVOLUTION}",
    )


MODELS = {
    "mingru-shakespeare": _characters(GRU, "minGRU"),
    "minlstm-shakespeare": _characters(LSTM, "minLSTM"),
    "mingru-selective-copying": _copying(GRU, "minGRU"),
    "minlstm-selective-copying": _copying(LSTM, "minLSTM"),
}
