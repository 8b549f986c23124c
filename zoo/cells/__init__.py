"""Recurrences, one file each: equations and nothing else. A cell is imported when it is first named."""

from typing import TYPE_CHECKING, Any

from zoo.cells.base import CELLS, Card, Cell, CellSpec, cell_spec, register_cell
from zoo.registry import part_class

if TYPE_CHECKING:  # written by tests/public_names.py
    from zoo.cells.cfc import CfC as CfC
    from zoo.cells.cfc import CfCSpec as CfCSpec
    from zoo.cells.deltanet import DeltaNet as DeltaNet
    from zoo.cells.deltanet import DeltaNetSpec as DeltaNetSpec
    from zoo.cells.dsgu import DSGU as DSGU
    from zoo.cells.dsgu import DSGUSpec as DSGUSpec
    from zoo.cells.ea_lstm import EALSTM as EALSTM
    from zoo.cells.ea_lstm import EALSTMSpec as EALSTMSpec
    from zoo.cells.elman import Elman as Elman
    from zoo.cells.elman import ElmanSpec as ElmanSpec
    from zoo.cells.ema import EMA as EMA
    from zoo.cells.ema import EMASpec as EMASpec
    from zoo.cells.gated_deltanet import GatedDeltaNet as GatedDeltaNet
    from zoo.cells.gated_deltanet import GatedDeltaNetSpec as GatedDeltaNetSpec
    from zoo.cells.gilr_lstm import GILRLSTM as GILRLSTM
    from zoo.cells.gilr_lstm import GILRLSTMSpec as GILRLSTMSpec
    from zoo.cells.gla import GLA as GLA
    from zoo.cells.gla import GLASpec as GLASpec
    from zoo.cells.gru import GRU as GRU
    from zoo.cells.gru import GRUSpec as GRUSpec
    from zoo.cells.gru_d import GRUD as GRUD
    from zoo.cells.gru_d import GRUDSpec as GRUDSpec
    from zoo.cells.hgrn import HGRN as HGRN
    from zoo.cells.hgrn import HGRNSpec as HGRNSpec
    from zoo.cells.hgrn2 import HGRN2 as HGRN2
    from zoo.cells.hgrn2 import HGRN2Spec as HGRN2Spec
    from zoo.cells.indy_gru import IndyGRU as IndyGRU
    from zoo.cells.indy_gru import IndyGRUSpec as IndyGRUSpec
    from zoo.cells.indy_lstm import IndyLSTM as IndyLSTM
    from zoo.cells.indy_lstm import IndyLSTMSpec as IndyLSTMSpec
    from zoo.cells.janet import JANET as JANET
    from zoo.cells.janet import JANETSpec as JANETSpec
    from zoo.cells.layernorm_lstm import LayerNormLSTM as LayerNormLSTM
    from zoo.cells.layernorm_lstm import LayerNormLSTMSpec as LayerNormLSTMSpec
    from zoo.cells.light_ru import LightRU as LightRU
    from zoo.cells.light_ru import LightRUSpec as LightRUSpec
    from zoo.cells.ligru import LiGRU as LiGRU
    from zoo.cells.ligru import LiGRUSpec as LiGRUSpec
    from zoo.cells.linear_attention import LinearAttention as LinearAttention
    from zoo.cells.linear_attention import LinearAttentionSpec as LinearAttentionSpec
    from zoo.cells.lru import LRU as LRU
    from zoo.cells.lru import LRUSpec as LRUSpec
    from zoo.cells.lstm import LSTM as LSTM
    from zoo.cells.lstm import LSTMSpec as LSTMSpec
    from zoo.cells.ltc import LTC as LTC
    from zoo.cells.ltc import LTCSpec as LTCSpec
    from zoo.cells.memory_controller_lstm import MemoryControllerLSTM as MemoryControllerLSTM
    from zoo.cells.memory_controller_lstm import MemoryControllerLSTMSpec as MemoryControllerLSTMSpec
    from zoo.cells.mgu import MGU as MGU
    from zoo.cells.mgu import MGUSpec as MGUSpec
    from zoo.cells.mingru import MinGRU as MinGRU
    from zoo.cells.mingru import MinGRUSpec as MinGRUSpec
    from zoo.cells.minlstm import MinLSTM as MinLSTM
    from zoo.cells.minlstm import MinLSTMSpec as MinLSTMSpec
    from zoo.cells.miru1 import MiRU1 as MiRU1
    from zoo.cells.miru1 import MiRU1Spec as MiRU1Spec
    from zoo.cells.miru2 import MiRU2 as MiRU2
    from zoo.cells.miru2 import MiRU2Spec as MiRU2Spec
    from zoo.cells.mlstm import MLSTM as MLSTM
    from zoo.cells.mlstm import MLSTMSpec as MLSTMSpec
    from zoo.cells.nested_lstm import NestedLSTM as NestedLSTM
    from zoo.cells.nested_lstm import NestedLSTMSpec as NestedLSTMSpec
    from zoo.cells.ode_lstm import ODELSTM as ODELSTM
    from zoo.cells.ode_lstm import ODELSTMSpec as ODELSTMSpec
    from zoo.cells.peephole_lstm import PeepholeLSTM as PeepholeLSTM
    from zoo.cells.peephole_lstm import PeepholeLSTMSpec as PeepholeLSTMSpec
    from zoo.cells.phased_lstm import PhasedLSTM as PhasedLSTM
    from zoo.cells.phased_lstm import PhasedLSTMSpec as PhasedLSTMSpec
    from zoo.cells.qrnn import QRNN as QRNN
    from zoo.cells.qrnn import QRNNSpec as QRNNSpec
    from zoo.cells.retention import Retention as Retention
    from zoo.cells.retention import RetentionSpec as RetentionSpec
    from zoo.cells.rg_lru import RGLRU as RGLRU
    from zoo.cells.rg_lru import RGLRUSpec as RGLRUSpec
    from zoo.cells.rwkv_time_mix import RWKVTimeMix as RWKVTimeMix
    from zoo.cells.rwkv_time_mix import RWKVTimeMixSpec as RWKVTimeMixSpec
    from zoo.cells.s4d import S4D as S4D
    from zoo.cells.s4d import S4DSpec as S4DSpec
    from zoo.cells.s5 import S5 as S5
    from zoo.cells.s5 import S5Spec as S5Spec
    from zoo.cells.s6 import S6 as S6
    from zoo.cells.s6 import S6Spec as S6Spec
    from zoo.cells.sgrn import SGRN as SGRN
    from zoo.cells.sgrn import SGRNSpec as SGRNSpec
    from zoo.cells.sgu import SGU as SGU
    from zoo.cells.sgu import SGUSpec as SGUSpec
    from zoo.cells.sru import SRU as SRU
    from zoo.cells.sru import SRUSpec as SRUSpec
    from zoo.cells.tgru import TGRU as TGRU
    from zoo.cells.tgru import TGRUSpec as TGRUSpec
    from zoo.cells.time_lstm import TimeLSTM as TimeLSTM
    from zoo.cells.time_lstm import TimeLSTMSpec as TimeLSTMSpec
    from zoo.cells.tlstm import TLSTM as TLSTM
    from zoo.cells.tlstm import TLSTMSpec as TLSTMSpec
    from zoo.cells.trnn import TRNN as TRNN
    from zoo.cells.trnn import TRNNSpec as TRNNSpec
    from zoo.cells.wmclstm import WMCLSTM as WMCLSTM
    from zoo.cells.wmclstm import WMCLSTMSpec as WMCLSTMSpec

__all__ = ["CELLS", "Card", "Cell", "CellSpec", "cell_spec", "register_cell"]

if not TYPE_CHECKING:  # which would take any name for one of these

    def __getattr__(name: str) -> Any:
        """A cell or its spec, imported on first use."""
        return part_class("zoo.cells", name)
