"""Recurrences, one file each: equations and nothing else. The imports below fill the registry."""

from zoo.cells.base import CELLS, Card, Cell, CellSpec, cell_spec, register_cell
from zoo.cells.elman import Elman, ElmanSpec
from zoo.cells.gru import GRU, GRUSpec
from zoo.cells.janet import JANET, JANETSpec
from zoo.cells.layernorm_lstm import LayerNormLSTM, LayerNormLSTMSpec
from zoo.cells.ligru import LiGRU, LiGRUSpec
from zoo.cells.lru import LRU, LRUSpec
from zoo.cells.lstm import LSTM, LSTMSpec
from zoo.cells.mgu import MGU, MGUSpec
from zoo.cells.mingru import MinGRU, MinGRUSpec
from zoo.cells.minlstm import MinLSTM, MinLSTMSpec
from zoo.cells.peephole_lstm import PeepholeLSTM, PeepholeLSTMSpec
from zoo.cells.sru import SRU, SRUSpec

__all__ = [
    "CELLS",
    "GRU",
    "JANET",
    "LRU",
    "LSTM",
    "MGU",
    "SRU",
    "Card",
    "Cell",
    "CellSpec",
    "Elman",
    "ElmanSpec",
    "GRUSpec",
    "JANETSpec",
    "LRUSpec",
    "LSTMSpec",
    "LayerNormLSTM",
    "LayerNormLSTMSpec",
    "LiGRU",
    "LiGRUSpec",
    "MGUSpec",
    "MinGRU",
    "MinGRUSpec",
    "MinLSTM",
    "MinLSTMSpec",
    "PeepholeLSTM",
    "PeepholeLSTMSpec",
    "SRUSpec",
    "cell_spec",
    "register_cell",
]
