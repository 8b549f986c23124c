"""Wirings, one file each: how what comes out of a layer joins what went into it."""

from typing import TYPE_CHECKING, Any

from zoo.registry import part_class
from zoo.wiring.base import WIRINGS, Position, Wiring, WiringCard, WiringSpec, register_wiring, wiring_spec

if TYPE_CHECKING:  # written by tests/public_names.py
    from zoo.wiring.block import Block as Block
    from zoo.wiring.block import BlockSpec as BlockSpec
    from zoo.wiring.cell_highway import CellHighway as CellHighway
    from zoo.wiring.cell_highway import CellHighwaySpec as CellHighwaySpec
    from zoo.wiring.dense import Dense as Dense
    from zoo.wiring.dense import DenseSpec as DenseSpec
    from zoo.wiring.gated_residual import GatedResidual as GatedResidual
    from zoo.wiring.gated_residual import GatedResidualSpec as GatedResidualSpec
    from zoo.wiring.gnmt import GNMT as GNMT
    from zoo.wiring.gnmt import GNMTSpec as GNMTSpec
    from zoo.wiring.highway import Highway as Highway
    from zoo.wiring.highway import HighwaySpec as HighwaySpec
    from zoo.wiring.plain import Plain as Plain
    from zoo.wiring.plain import PlainSpec as PlainSpec
    from zoo.wiring.post_norm import PostNorm as PostNorm
    from zoo.wiring.post_norm import PostNormSpec as PostNormSpec
    from zoo.wiring.pre_norm import PreNorm as PreNorm
    from zoo.wiring.pre_norm import PreNormSpec as PreNormSpec
    from zoo.wiring.residual import Residual as Residual
    from zoo.wiring.residual import ResidualSpec as ResidualSpec
    from zoo.wiring.rezero import ReZero as ReZero
    from zoo.wiring.rezero import ReZeroSpec as ReZeroSpec
    from zoo.wiring.shortcut import Shortcut as Shortcut
    from zoo.wiring.shortcut import ShortcutSpec as ShortcutSpec
    from zoo.wiring.stochastic_depth import StochasticDepth as StochasticDepth
    from zoo.wiring.stochastic_depth import StochasticDepthSpec as StochasticDepthSpec

__all__ = ["WIRINGS", "Position", "Wiring", "WiringCard", "WiringSpec", "register_wiring", "wiring_spec"]

if not TYPE_CHECKING:  # which would take any name for one of these

    def __getattr__(name: str) -> Any:
        """A wiring or its spec, imported on first use."""
        return part_class("zoo.wiring", name)
