"""Recurrences, one file each: equations and nothing else. The imports below fill the registry."""

from zoo.cells.base import CELLS, Card, Cell, CellSpec, cell_spec, register_cell
from zoo.cells.elman import Elman, ElmanSpec
from zoo.cells.gru import GRU, GRUSpec
from zoo.cells.janet import JANET, JANETSpec
from zoo.cells.ligru import LiGRU, LiGRUSpec
from zoo.cells.lstm import LSTM, LSTMSpec
from zoo.cells.mgu import MGU, MGUSpec
from zoo.cells.peephole_lstm import PeepholeLSTM, PeepholeLSTMSpec

__all__ = [
    "CELLS",
    "GRU",
    "JANET",
    "LSTM",
    "MGU",
    "Card",
    "Cell",
    "CellSpec",
    "Elman",
    "ElmanSpec",
    "GRUSpec",
    "JANETSpec",
    "LSTMSpec",
    "LiGRU",
    "LiGRUSpec",
    "MGUSpec",
    "PeepholeLSTM",
    "PeepholeLSTMSpec",
    "cell_spec",
    "register_cell",
]
