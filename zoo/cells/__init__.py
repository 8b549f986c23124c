"""Recurrences, one file each: equations and nothing else. A cell is imported when it is first named."""

from typing import TYPE_CHECKING, Any

from zoo.cells.base import CELLS, Card, Cell, CellSpec, cell_spec, register_cell
from zoo.registry import part_class

if TYPE_CHECKING:  # written by tests/public_names.py
    from zoo.cells.antisymmetric_rnn import AntisymmetricRNN as AntisymmetricRNN
    from zoo.cells.antisymmetric_rnn import AntisymmetricRNNSpec as AntisymmetricRNNSpec
    from zoo.cells.clockwork import Clockwork as Clockwork
    from zoo.cells.clockwork import ClockworkSpec as ClockworkSpec
    from zoo.cells.cornn import CoRNN as CoRNN
    from zoo.cells.cornn import CoRNNSpec as CoRNNSpec
    from zoo.cells.dilated import Dilated as Dilated
    from zoo.cells.dilated import DilatedSpec as DilatedSpec
    from zoo.cells.elman import Elman as Elman
    from zoo.cells.elman import ElmanSpec as ElmanSpec
    from zoo.cells.eunn import EUNN as EUNN
    from zoo.cells.eunn import EUNNSpec as EUNNSpec
    from zoo.cells.exprnn import ExpRNN as ExpRNN
    from zoo.cells.exprnn import ExpRNNSpec as ExpRNNSpec
    from zoo.cells.gated_antisymmetric_rnn import GatedAntisymmetricRNN as GatedAntisymmetricRNN
    from zoo.cells.gated_antisymmetric_rnn import GatedAntisymmetricRNNSpec as GatedAntisymmetricRNNSpec
    from zoo.cells.goru import GORU as GORU
    from zoo.cells.goru import GORUSpec as GORUSpec
    from zoo.cells.gru import GRU as GRU
    from zoo.cells.gru import GRUSpec as GRUSpec
    from zoo.cells.indrnn import IndRNN as IndRNN
    from zoo.cells.indrnn import IndRNNSpec as IndRNNSpec
    from zoo.cells.janet import JANET as JANET
    from zoo.cells.janet import JANETSpec as JANETSpec
    from zoo.cells.layernorm_lstm import LayerNormLSTM as LayerNormLSTM
    from zoo.cells.layernorm_lstm import LayerNormLSTMSpec as LayerNormLSTMSpec
    from zoo.cells.lem import LEM as LEM
    from zoo.cells.lem import LEMSpec as LEMSpec
    from zoo.cells.ligru import LiGRU as LiGRU
    from zoo.cells.ligru import LiGRUSpec as LiGRUSpec
    from zoo.cells.lipschitz_rnn import LipschitzRNN as LipschitzRNN
    from zoo.cells.lipschitz_rnn import LipschitzRNNSpec as LipschitzRNNSpec
    from zoo.cells.lru import LRU as LRU
    from zoo.cells.lru import LRUSpec as LRUSpec
    from zoo.cells.lstm import LSTM as LSTM
    from zoo.cells.lstm import LSTMSpec as LSTMSpec
    from zoo.cells.mc_lstm import MCLSTM as MCLSTM
    from zoo.cells.mc_lstm import MCLSTMSpec as MCLSTMSpec
    from zoo.cells.mgu import MGU as MGU
    from zoo.cells.mgu import MGUSpec as MGUSpec
    from zoo.cells.mingru import MinGRU as MinGRU
    from zoo.cells.mingru import MinGRUSpec as MinGRUSpec
    from zoo.cells.minlstm import MinLSTM as MinLSTM
    from zoo.cells.minlstm import MinLSTMSpec as MinLSTMSpec
    from zoo.cells.nru import NRU as NRU
    from zoo.cells.nru import NRUSpec as NRUSpec
    from zoo.cells.on_lstm import ONLSTM as ONLSTM
    from zoo.cells.on_lstm import ONLSTMSpec as ONLSTMSpec
    from zoo.cells.peephole_lstm import PeepholeLSTM as PeepholeLSTM
    from zoo.cells.peephole_lstm import PeepholeLSTMSpec as PeepholeLSTMSpec
    from zoo.cells.scornn import ScoRNN as ScoRNN
    from zoo.cells.scornn import ScoRNNSpec as ScoRNNSpec
    from zoo.cells.skip_rnn import SkipRNN as SkipRNN
    from zoo.cells.skip_rnn import SkipRNNSpec as SkipRNNSpec
    from zoo.cells.slstm import SLSTM as SLSTM
    from zoo.cells.slstm import SLSTMSpec as SLSTMSpec
    from zoo.cells.sru import SRU as SRU
    from zoo.cells.sru import SRUSpec as SRUSpec
    from zoo.cells.tau_gru import TauGRU as TauGRU
    from zoo.cells.tau_gru import TauGRUSpec as TauGRUSpec
    from zoo.cells.unicornn import UnICORNN as UnICORNN
    from zoo.cells.unicornn import UnICORNNSpec as UnICORNNSpec
    from zoo.cells.urnn import URNN as URNN
    from zoo.cells.urnn import URNNSpec as URNNSpec

__all__ = ["CELLS", "Card", "Cell", "CellSpec", "cell_spec", "register_cell"]

if not TYPE_CHECKING:  # which would take any name for one of these

    def __getattr__(name: str) -> Any:
        """A cell or its spec, imported on first use."""
        return part_class("zoo.cells", name)
