"""The zoo: recurrent networks with pluggable recurrence, direction, depth and wiring.

Names are imported on first use, so that `import zoo` and the command line stay quick. Each part that a file
of the zoo registers is public by its name, or by that of its spec.
"""

import functools
import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from zoo.registry import declared

__version__: str

if TYPE_CHECKING:  # written by tests/public_names.py
    from zoo.callbacks.exact_resume import ExactResume as ExactResume
    from zoo.callbacks.gradient_clipping import GradientClipping as GradientClipping
    from zoo.callbacks.gradient_histogram import GradientHistogram as GradientHistogram
    from zoo.callbacks.gradient_through_time import GradientThroughTime as GradientThroughTime
    from zoo.callbacks.non_finite_guard import NonFiniteGuard as NonFiniteGuard
    from zoo.callbacks.nonfinite.watch import NonFiniteError as NonFiniteError
    from zoo.callbacks.recurrence_health import RecurrenceHealth as RecurrenceHealth
    from zoo.callbacks.verdict import Verdict as Verdict
    from zoo.catalogue import create_model as create_model
    from zoo.catalogue import list_cells as list_cells
    from zoo.catalogue import list_models as list_models
    from zoo.catalogue import list_switches as list_switches
    from zoo.catalogue import list_wirings as list_wirings
    from zoo.cells import Card as Card
    from zoo.cells import Cell as Cell
    from zoo.cells import CellSpec as CellSpec
    from zoo.cells import register_cell as register_cell
    from zoo.cells.antisymmetric_rnn import AntisymmetricRNNSpec as AntisymmetricRNNSpec
    from zoo.cells.atr import ATRSpec as ATRSpec
    from zoo.cells.base import Hidden as Hidden
    from zoo.cells.brc import BRCSpec as BRCSpec
    from zoo.cells.cfc import CfCSpec as CfCSpec
    from zoo.cells.cfn import CFNSpec as CFNSpec
    from zoo.cells.cifg import CIFGSpec as CIFGSpec
    from zoo.cells.clockwork import ClockworkSpec as ClockworkSpec
    from zoo.cells.cornn import CoRNNSpec as CoRNNSpec
    from zoo.cells.deltanet import DeltaNetSpec as DeltaNetSpec
    from zoo.cells.dilated import DilatedSpec as DilatedSpec
    from zoo.cells.dsgu import DSGUSpec as DSGUSpec
    from zoo.cells.ea_lstm import EALSTMSpec as EALSTMSpec
    from zoo.cells.elman import ElmanSpec as ElmanSpec
    from zoo.cells.ema import EMASpec as EMASpec
    from zoo.cells.eunn import EUNNSpec as EUNNSpec
    from zoo.cells.exprnn import ExpRNNSpec as ExpRNNSpec
    from zoo.cells.fast_slow import FastSlowSpec as FastSlowSpec
    from zoo.cells.fast_weights import FastWeightsSpec as FastWeightsSpec
    from zoo.cells.fastgrnn import FastGRNNSpec as FastGRNNSpec
    from zoo.cells.fastrnn import FastRNNSpec as FastRNNSpec
    from zoo.cells.gated_antisymmetric_rnn import GatedAntisymmetricRNNSpec as GatedAntisymmetricRNNSpec
    from zoo.cells.gated_deltanet import GatedDeltaNetSpec as GatedDeltaNetSpec
    from zoo.cells.gilr_lstm import GILRLSTMSpec as GILRLSTMSpec
    from zoo.cells.gla import GLASpec as GLASpec
    from zoo.cells.goru import GORUSpec as GORUSpec
    from zoo.cells.gru import GRUSpec as GRUSpec
    from zoo.cells.gru_d import GRUDSpec as GRUDSpec
    from zoo.cells.hgrn import HGRNSpec as HGRNSpec
    from zoo.cells.hgrn2 import HGRN2Spec as HGRN2Spec
    from zoo.cells.highway_lstm import HighwayLSTMSpec as HighwayLSTMSpec
    from zoo.cells.hyper_lstm import HyperLSTMSpec as HyperLSTMSpec
    from zoo.cells.indrnn import IndRNNSpec as IndRNNSpec
    from zoo.cells.indy_gru import IndyGRUSpec as IndyGRUSpec
    from zoo.cells.indy_lstm import IndyLSTMSpec as IndyLSTMSpec
    from zoo.cells.intersection_rnn import IntersectionRNNSpec as IntersectionRNNSpec
    from zoo.cells.janet import JANETSpec as JANETSpec
    from zoo.cells.jordan import JordanSpec as JordanSpec
    from zoo.cells.layernorm_gru import LayerNormGRUSpec as LayerNormGRUSpec
    from zoo.cells.layernorm_lstm import LayerNormLSTMSpec as LayerNormLSTMSpec
    from zoo.cells.lem import LEMSpec as LEMSpec
    from zoo.cells.light_ru import LightRUSpec as LightRUSpec
    from zoo.cells.ligru import LiGRUSpec as LiGRUSpec
    from zoo.cells.linear_attention import LinearAttentionSpec as LinearAttentionSpec
    from zoo.cells.lipschitz_rnn import LipschitzRNNSpec as LipschitzRNNSpec
    from zoo.cells.lmu import LMUSpec as LMUSpec
    from zoo.cells.lru import LRUSpec as LRUSpec
    from zoo.cells.lstm import LSTMSpec as LSTMSpec
    from zoo.cells.lstmp import LSTMPSpec as LSTMPSpec
    from zoo.cells.ltc import LTCSpec as LTCSpec
    from zoo.cells.mc_lstm import MCLSTMSpec as MCLSTMSpec
    from zoo.cells.memory_controller_lstm import MemoryControllerLSTMSpec as MemoryControllerLSTMSpec
    from zoo.cells.mgu import MGUSpec as MGUSpec
    from zoo.cells.mingru import MinGRUSpec as MinGRUSpec
    from zoo.cells.minimal_rnn import MinimalRNNSpec as MinimalRNNSpec
    from zoo.cells.minlstm import MinLSTMSpec as MinLSTMSpec
    from zoo.cells.miru1 import MiRU1Spec as MiRU1Spec
    from zoo.cells.miru2 import MiRU2Spec as MiRU2Spec
    from zoo.cells.mlstm import MLSTMSpec as MLSTMSpec
    from zoo.cells.mogrifier_lstm import MogrifierLSTMSpec as MogrifierLSTMSpec
    from zoo.cells.multiplicative import MultiplicativeSpec as MultiplicativeSpec
    from zoo.cells.multiplicative_lstm import MultiplicativeLSTMSpec as MultiplicativeLSTMSpec
    from zoo.cells.mut1 import MUT1Spec as MUT1Spec
    from zoo.cells.mut2 import MUT2Spec as MUT2Spec
    from zoo.cells.mut3 import MUT3Spec as MUT3Spec
    from zoo.cells.nas import NASSpec as NASSpec
    from zoo.cells.nbr import NBRSpec as NBRSpec
    from zoo.cells.nested_lstm import NestedLSTMSpec as NestedLSTMSpec
    from zoo.cells.nru import NRUSpec as NRUSpec
    from zoo.cells.ode_lstm import ODELSTMSpec as ODELSTMSpec
    from zoo.cells.on_lstm import ONLSTMSpec as ONLSTMSpec
    from zoo.cells.original_lstm import OriginalLSTMSpec as OriginalLSTMSpec
    from zoo.cells.peephole_lstm import PeepholeLSTMSpec as PeepholeLSTMSpec
    from zoo.cells.phased_lstm import PhasedLSTMSpec as PhasedLSTMSpec
    from zoo.cells.qrnn import QRNNSpec as QRNNSpec
    from zoo.cells.ran import RANSpec as RANSpec
    from zoo.cells.res_lstm import ResLSTMSpec as ResLSTMSpec
    from zoo.cells.reservoir import ReservoirSpec as ReservoirSpec
    from zoo.cells.retention import RetentionSpec as RetentionSpec
    from zoo.cells.rg_lru import RGLRUSpec as RGLRUSpec
    from zoo.cells.rhn import RHNSpec as RHNSpec
    from zoo.cells.rwkv_time_mix import RWKVTimeMixSpec as RWKVTimeMixSpec
    from zoo.cells.s4d import S4DSpec as S4DSpec
    from zoo.cells.s5 import S5Spec as S5Spec
    from zoo.cells.s6 import S6Spec as S6Spec
    from zoo.cells.scornn import ScoRNNSpec as ScoRNNSpec
    from zoo.cells.scrn import SCRNSpec as SCRNSpec
    from zoo.cells.sgrn import SGRNSpec as SGRNSpec
    from zoo.cells.sgu import SGUSpec as SGUSpec
    from zoo.cells.skip_rnn import SkipRNNSpec as SkipRNNSpec
    from zoo.cells.slstm import SLSTMSpec as SLSTMSpec
    from zoo.cells.sru import SRUSpec as SRUSpec
    from zoo.cells.star import STARSpec as STARSpec
    from zoo.cells.tau_gru import TauGRUSpec as TauGRUSpec
    from zoo.cells.tgru import TGRUSpec as TGRUSpec
    from zoo.cells.time_lstm import TimeLSTMSpec as TimeLSTMSpec
    from zoo.cells.tlstm import TLSTMSpec as TLSTMSpec
    from zoo.cells.trnn import TRNNSpec as TRNNSpec
    from zoo.cells.ugrnn import UGRNNSpec as UGRNNSpec
    from zoo.cells.unicornn import UnICORNNSpec as UnICORNNSpec
    from zoo.cells.urnn import URNNSpec as URNNSpec
    from zoo.cells.wmclstm import WMCLSTMSpec as WMCLSTMSpec
    from zoo.data.adding_problem import AddingProblem as AddingProblem
    from zoo.data.agreement import Agreement as Agreement
    from zoo.data.arrays import Arrays as Arrays
    from zoo.data.base import SequenceData as SequenceData
    from zoo.data.copy_memory import CopyMemory as CopyMemory
    from zoo.data.counting import Counting as Counting
    from zoo.data.date_phrases import DatePhrases as DatePhrases
    from zoo.data.digits import Digits as Digits
    from zoo.data.distant_recall import DistantRecall as DistantRecall
    from zoo.data.dyck import Dyck as Dyck
    from zoo.data.hidden_spans import HiddenSpans as HiddenSpans
    from zoo.data.hub_text import HubText as HubText
    from zoo.data.labelled_pairs import LabelledPairs as LabelledPairs
    from zoo.data.labelled_text import LabelledText as LabelledText
    from zoo.data.mnist_sequence import MNISTSequence as MNISTSequence
    from zoo.data.parallel_text import ParallelText as ParallelText
    from zoo.data.piano_rolls import PianoRolls as PianoRolls
    from zoo.data.python_docs import PythonDocs as PythonDocs
    from zoo.data.selective_copy import SelectiveCopy as SelectiveCopy
    from zoo.data.series import Series as Series
    from zoo.data.string_reversal import StringReversal as StringReversal
    from zoo.data.symbol_runs import SymbolRuns as SymbolRuns
    from zoo.data.tagged_text import TaggedText as TaggedText
    from zoo.data.temporal_order import TemporalOrder as TemporalOrder
    from zoo.data.text_file import TextFile as TextFile
    from zoo.data.time_series_archive import TimeSeriesArchive as TimeSeriesArchive
    from zoo.embedding import CharacterSpec as CharacterSpec
    from zoo.generation import Sampling as Sampling
    from zoo.layouts import from_weights as from_weights
    from zoo.layouts import to_weights as to_weights
    from zoo.layouts.torch import from_torch as from_torch
    from zoo.layouts.torch import to_torch as to_torch
    from zoo.model import Model as Model
    from zoo.model import ModelSpec as ModelSpec
    from zoo.names import name_stack as name_stack
    from zoo.names import parse_stack as parse_stack
    from zoo.registry import PartCard as PartCard
    from zoo.registry import UnknownNameError as UnknownNameError
    from zoo.seq2seq import DecoderSpec as DecoderSpec
    from zoo.seq2seq import EncoderDecoder as EncoderDecoder
    from zoo.seq2seq import SearchSpec as SearchSpec
    from zoo.stack import Stack as Stack
    from zoo.stack import StackSpec as StackSpec
    from zoo.switches import Switch as Switch
    from zoo.switches import SwitchSpec as SwitchSpec
    from zoo.switches import register_switch as register_switch
    from zoo.switches.gate_start import GateStartSpec as GateStartSpec
    from zoo.switches.normalisation import NormalisationSpec as NormalisationSpec
    from zoo.switches.orthogonal import OrthogonalSpec as OrthogonalSpec
    from zoo.switches.projection import ProjectionSpec as ProjectionSpec
    from zoo.switches.recurrent_dropout import RecurrentDropoutSpec as RecurrentDropoutSpec
    from zoo.switches.variational_dropout import VariationalDropoutSpec as VariationalDropoutSpec
    from zoo.switches.weight_drop import WeightDropSpec as WeightDropSpec
    from zoo.switches.weight_norm import WeightNormSpec as WeightNormSpec
    from zoo.switches.zoneout import ZoneoutSpec as ZoneoutSpec
    from zoo.tasks.base import Task as Task
    from zoo.tasks.ctc import CTC as CTC
    from zoo.tasks.forecaster import Forecaster as Forecaster
    from zoo.tasks.language_model import LanguageModel as LanguageModel
    from zoo.tasks.multi_label import MultiLabel as MultiLabel
    from zoo.tasks.optimisation import OptimizerSpec as OptimizerSpec
    from zoo.tasks.optimisation import ScheduleSpec as ScheduleSpec
    from zoo.tasks.pair_classifier import PairClassifier as PairClassifier
    from zoo.tasks.scheduled_sampling import SamplingSpec as SamplingSpec
    from zoo.tasks.sequence_classifier import SequenceClassifier as SequenceClassifier
    from zoo.tasks.sequence_regressor import SequenceRegressor as SequenceRegressor
    from zoo.tasks.sequence_tagger import SequenceTagger as SequenceTagger
    from zoo.tasks.sequence_to_sequence import SequenceToSequence as SequenceToSequence
    from zoo.tracking import WandbLogger as WandbLogger
    from zoo.trained import Trained as Trained
    from zoo.trained import load as load
    from zoo.wiring import Wiring as Wiring
    from zoo.wiring import WiringSpec as WiringSpec
    from zoo.wiring import register_wiring as register_wiring
    from zoo.wiring.block import BlockSpec as BlockSpec
    from zoo.wiring.cell_highway import CellHighwaySpec as CellHighwaySpec
    from zoo.wiring.dense import DenseSpec as DenseSpec
    from zoo.wiring.gated_residual import GatedResidualSpec as GatedResidualSpec
    from zoo.wiring.gnmt import GNMTSpec as GNMTSpec
    from zoo.wiring.highway import HighwaySpec as HighwaySpec
    from zoo.wiring.plain import PlainSpec as PlainSpec
    from zoo.wiring.post_norm import PostNormSpec as PostNormSpec
    from zoo.wiring.pre_norm import PreNormSpec as PreNormSpec
    from zoo.wiring.residual import ResidualSpec as ResidualSpec
    from zoo.wiring.rezero import ReZeroSpec as ReZeroSpec
    from zoo.wiring.shortcut import ShortcutSpec as ShortcutSpec
    from zoo.wiring.stochastic_depth import StochasticDepthSpec as StochasticDepthSpec

_PARTS = ("zoo.callbacks", "zoo.cells", "zoo.data", "zoo.switches", "zoo.tasks", "zoo.wiring")
_HOMES = {
    "zoo.callbacks.nonfinite.watch": ["NonFiniteError"],
    "zoo.catalogue": ["create_model", "list_cells", "list_models", "list_switches", "list_wirings"],
    "zoo.cells": ["Card", "Cell", "CellSpec", "register_cell"],
    "zoo.cells.base": ["Hidden"],
    "zoo.data.base": ["SequenceData"],
    "zoo.embedding": ["CharacterSpec"],
    "zoo.generation": ["Sampling"],
    "zoo.layouts": ["from_weights", "to_weights"],
    "zoo.layouts.torch": ["from_torch", "to_torch"],
    "zoo.model": ["Model", "ModelSpec"],
    "zoo.names": ["name_stack", "parse_stack"],
    "zoo.registry": ["PartCard", "UnknownNameError"],
    "zoo.seq2seq": ["DecoderSpec", "EncoderDecoder", "SearchSpec"],
    "zoo.stack": ["Stack", "StackSpec"],
    "zoo.switches": ["Switch", "SwitchSpec", "register_switch"],
    "zoo.tasks.base": ["Task"],
    "zoo.tasks.optimisation": ["OptimizerSpec", "ScheduleSpec"],
    "zoo.tasks.scheduled_sampling": ["SamplingSpec"],
    "zoo.tracking": ["WandbLogger"],
    "zoo.trained": ["Trained", "load"],
    "zoo.wiring": ["Wiring", "WiringSpec", "register_wiring"],
}


@functools.cache
def _home() -> dict[str, str]:
    """Public name -> its module."""
    parts = [part for package in _PARTS for part in declared(package).values()]
    named = {name: module for module, names in _HOMES.items() for name in names}
    return named | {part.public: part.module for part in parts}


def __dir__() -> list[str]:
    return sorted([*_home(), "__version__"])


if not TYPE_CHECKING:  # which would take any name for one of these

    def __getattr__(name: str) -> Any:
        """Imports a public name from its module."""
        if name == "__version__":
            return version("recurrent-zoo")
        if name == "__all__":
            return __dir__()
        if name not in _home():
            raise AttributeError(f"module 'zoo' has no attribute {name!r}; it has {', '.join(__dir__())}")
        value = getattr(importlib.import_module(_home()[name]), name)
        globals()[name] = value
        return value
