"""Recurrences, one file each: equations and nothing else. The imports below fill the registry."""

from zoo.cells.base import CELLS, Card, Cell, CellSpec, cell_spec, register_cell
from zoo.cells.elman import Elman, ElmanSpec
from zoo.cells.gru import GRU, GRUSpec
from zoo.cells.lstm import LSTM, LSTMSpec

__all__ = [
    "CELLS",
    "GRU",
    "LSTM",
    "Card",
    "Cell",
    "CellSpec",
    "Elman",
    "ElmanSpec",
    "GRUSpec",
    "LSTMSpec",
    "cell_spec",
    "register_cell",
]
