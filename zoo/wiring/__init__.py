"""Wirings, one file each: how what comes out of a layer joins what went into it."""

from zoo.wiring.base import WIRINGS, Wiring, WiringSpec, register_wiring, wiring_spec
from zoo.wiring.dense import Dense, DenseSpec
from zoo.wiring.highway import Highway, HighwaySpec
from zoo.wiring.plain import Plain, PlainSpec
from zoo.wiring.residual import Residual, ResidualSpec

__all__ = [
    "WIRINGS",
    "Dense",
    "DenseSpec",
    "Highway",
    "HighwaySpec",
    "Plain",
    "PlainSpec",
    "Residual",
    "ResidualSpec",
    "Wiring",
    "WiringSpec",
    "register_wiring",
    "wiring_spec",
]
