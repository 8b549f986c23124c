"""The equations of every wiring, one file each: `join(weights, x, y)`, where y came out of a layer for x."""

import importlib
from pathlib import Path

import numpy as np

from oracles.arrays import Array, Weights, beside, dot
from oracles.joins import Join


def written() -> list[str]:
    """The keys of the wirings that have an oracle."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem != "__init__")


def wiring(key: str) -> Join:
    """The oracle of a wiring."""
    return Join(importlib.import_module(f"oracles.wirings.{key}").join)


def carried(weights: Weights, x: Array, width: int) -> Array:
    """x at the output's width: P x where there is a P, else x, with zeros behind it where it is narrower."""
    if "match.project.weight" in weights:
        return dot(weights["match.project.weight"], x)
    return beside(x, np.zeros(width - x.shape[-1]))
