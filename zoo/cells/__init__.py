"""Recurrences, one file each: equations and nothing else. A cell is imported when it is first named."""

from typing import TYPE_CHECKING, Any

from zoo.cells.base import CELLS, Card, Cell, CellSpec, cell_spec, register_cell
from zoo.registry import part_class

if TYPE_CHECKING:  # written by tests/public_names.py
    from zoo.cells.atr import ATR as ATR
    from zoo.cells.atr import ATRSpec as ATRSpec
    from zoo.cells.brc import BRC as BRC
    from zoo.cells.brc import BRCSpec as BRCSpec
    from zoo.cells.cfn import CFN as CFN
    from zoo.cells.cfn import CFNSpec as CFNSpec
    from zoo.cells.cifg import CIFG as CIFG
    from zoo.cells.cifg import CIFGSpec as CIFGSpec
    from zoo.cells.elman import Elman as Elman
    from zoo.cells.elman import ElmanSpec as ElmanSpec
    from zoo.cells.fastgrnn import FastGRNN as FastGRNN
    from zoo.cells.fastgrnn import FastGRNNSpec as FastGRNNSpec
    from zoo.cells.fastrnn import FastRNN as FastRNN
    from zoo.cells.fastrnn import FastRNNSpec as FastRNNSpec
    from zoo.cells.gru import GRU as GRU
    from zoo.cells.gru import GRUSpec as GRUSpec
    from zoo.cells.intersection_rnn import IntersectionRNN as IntersectionRNN
    from zoo.cells.intersection_rnn import IntersectionRNNSpec as IntersectionRNNSpec
    from zoo.cells.janet import JANET as JANET
    from zoo.cells.janet import JANETSpec as JANETSpec
    from zoo.cells.jordan import Jordan as Jordan
    from zoo.cells.jordan import JordanSpec as JordanSpec
    from zoo.cells.layernorm_gru import LayerNormGRU as LayerNormGRU
    from zoo.cells.layernorm_gru import LayerNormGRUSpec as LayerNormGRUSpec
    from zoo.cells.layernorm_lstm import LayerNormLSTM as LayerNormLSTM
    from zoo.cells.layernorm_lstm import LayerNormLSTMSpec as LayerNormLSTMSpec
    from zoo.cells.ligru import LiGRU as LiGRU
    from zoo.cells.ligru import LiGRUSpec as LiGRUSpec
    from zoo.cells.lru import LRU as LRU
    from zoo.cells.lru import LRUSpec as LRUSpec
    from zoo.cells.lstm import LSTM as LSTM
    from zoo.cells.lstm import LSTMSpec as LSTMSpec
    from zoo.cells.mgu import MGU as MGU
    from zoo.cells.mgu import MGUSpec as MGUSpec
    from zoo.cells.mingru import MinGRU as MinGRU
    from zoo.cells.mingru import MinGRUSpec as MinGRUSpec
    from zoo.cells.minimal_rnn import MinimalRNN as MinimalRNN
    from zoo.cells.minimal_rnn import MinimalRNNSpec as MinimalRNNSpec
    from zoo.cells.minlstm import MinLSTM as MinLSTM
    from zoo.cells.minlstm import MinLSTMSpec as MinLSTMSpec
    from zoo.cells.multiplicative_lstm import MultiplicativeLSTM as MultiplicativeLSTM
    from zoo.cells.multiplicative_lstm import MultiplicativeLSTMSpec as MultiplicativeLSTMSpec
    from zoo.cells.mut1 import MUT1 as MUT1
    from zoo.cells.mut1 import MUT1Spec as MUT1Spec
    from zoo.cells.mut2 import MUT2 as MUT2
    from zoo.cells.mut2 import MUT2Spec as MUT2Spec
    from zoo.cells.mut3 import MUT3 as MUT3
    from zoo.cells.mut3 import MUT3Spec as MUT3Spec
    from zoo.cells.nas import NAS as NAS
    from zoo.cells.nas import NASSpec as NASSpec
    from zoo.cells.nbr import NBR as NBR
    from zoo.cells.nbr import NBRSpec as NBRSpec
    from zoo.cells.original_lstm import OriginalLSTM as OriginalLSTM
    from zoo.cells.original_lstm import OriginalLSTMSpec as OriginalLSTMSpec
    from zoo.cells.peephole_lstm import PeepholeLSTM as PeepholeLSTM
    from zoo.cells.peephole_lstm import PeepholeLSTMSpec as PeepholeLSTMSpec
    from zoo.cells.ran import RAN as RAN
    from zoo.cells.ran import RANSpec as RANSpec
    from zoo.cells.res_lstm import ResLSTM as ResLSTM
    from zoo.cells.res_lstm import ResLSTMSpec as ResLSTMSpec
    from zoo.cells.rhn import RHN as RHN
    from zoo.cells.rhn import RHNSpec as RHNSpec
    from zoo.cells.sru import SRU as SRU
    from zoo.cells.sru import SRUSpec as SRUSpec
    from zoo.cells.star import STAR as STAR
    from zoo.cells.star import STARSpec as STARSpec
    from zoo.cells.ugrnn import UGRNN as UGRNN
    from zoo.cells.ugrnn import UGRNNSpec as UGRNNSpec

__all__ = ["CELLS", "Card", "Cell", "CellSpec", "cell_spec", "register_cell"]

if not TYPE_CHECKING:  # which would take any name for one of these

    def __getattr__(name: str) -> Any:
        """A cell or its spec, imported on first use."""
        return part_class("zoo.cells", name)
