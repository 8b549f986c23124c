"""Switches, one file each: what changes how a cell is run, without the cell's knowing."""

from typing import TYPE_CHECKING, Any

from zoo.registry import part_class
from zoo.switches.base import SWITCHES, Switch, SwitchSpec, register_switch, switch_spec

if TYPE_CHECKING:  # written by tests/public_names.py
    from zoo.switches.gate_start import GateStart as GateStart
    from zoo.switches.gate_start import GateStartSpec as GateStartSpec
    from zoo.switches.normalisation import Normalisation as Normalisation
    from zoo.switches.normalisation import NormalisationSpec as NormalisationSpec
    from zoo.switches.orthogonal import Orthogonal as Orthogonal
    from zoo.switches.orthogonal import OrthogonalSpec as OrthogonalSpec
    from zoo.switches.projection import Projection as Projection
    from zoo.switches.projection import ProjectionSpec as ProjectionSpec
    from zoo.switches.recurrent_dropout import RecurrentDropout as RecurrentDropout
    from zoo.switches.recurrent_dropout import RecurrentDropoutSpec as RecurrentDropoutSpec
    from zoo.switches.variational_dropout import VariationalDropout as VariationalDropout
    from zoo.switches.variational_dropout import VariationalDropoutSpec as VariationalDropoutSpec
    from zoo.switches.weight_drop import WeightDrop as WeightDrop
    from zoo.switches.weight_drop import WeightDropSpec as WeightDropSpec
    from zoo.switches.weight_norm import WeightNorm as WeightNorm
    from zoo.switches.weight_norm import WeightNormSpec as WeightNormSpec
    from zoo.switches.zoneout import Zoneout as Zoneout
    from zoo.switches.zoneout import ZoneoutSpec as ZoneoutSpec

__all__ = ["SWITCHES", "Switch", "SwitchSpec", "register_switch", "switch_spec"]

if not TYPE_CHECKING:  # which would take any name for one of these

    def __getattr__(name: str) -> Any:
        """A switch or its spec, imported on first use."""
        return part_class("zoo.switches", name)
