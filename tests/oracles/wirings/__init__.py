"""The equations of every wiring, one file each: `join(weights, x, y, place)`, where y came out of the layer.

Where the layer reads something else than x, `enter(weights, x, place)` says what.
"""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from oracles.arrays import Array, Weights, beside, dot
from oracles.joins import Join


@dataclass(frozen=True)
class Place:
    """Where in a stack a wiring is: around layer `index`, from 0, of `depth`; and its options."""

    spec: Any = None
    index: int = 0
    depth: int = 1


@dataclass(frozen=True)
class Wired:
    """The oracle of a wiring at its place: what the layer reads where it is not x, and what goes on."""

    enter: Join | None
    join: Join


def written() -> list[str]:
    """The keys of the wirings that have an oracle."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem != "__init__")


def wiring(key: str, place: Place = Place()) -> Wired:
    """The oracle of a wiring."""
    equations = importlib.import_module(f"oracles.wirings.{key}")
    enter = getattr(equations, "enter", None)
    return Wired(
        None if enter is None else Join(lambda weights, x: enter(weights, x, place)),
        Join(lambda weights, x, y: equations.join(weights, x, y, place)),
    )


def carried(weights: Weights, x: Array, width: int) -> Array:
    """x at the output's width: P x where there is a P, else x, with zeros behind it where it is narrower."""
    if "match.project.weight" in weights:
        return dot(weights["match.project.weight"], x)
    return beside(x, np.zeros(width - x.shape[-1]))
