"""The equations of every switch, one file each, around the oracle of any cell.

`oracles/switches/<key>.py` has one function, `step(inner, weights, x, state, drawn)`: the output and the new
state, where `inner` is the oracle of the cell and `drawn` what the switch does by chance, as a `Drawn`.
"""

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oracles.arrays import Array, State, Weights
from oracles.cells import Oracle


@dataclass(frozen=True)
class Drawn:
    """What a switch knows at a step.

    Attributes:
        spec: Its options.
        training: Whether the stack is in training.
        noise: The numbers that it drew for this step and sequence.
        masks: What it drew for weights, by their names.
    """

    spec: Any
    training: bool
    noise: Array
    masks: Weights = field(default_factory=dict)


@dataclass(frozen=True)
class Switched:
    """The equations of a switched cell, with `width` inputs before the numbers that were drawn."""

    key: str
    inner: Oracle
    width: int
    spec: Any
    training: bool
    masks: Weights

    def step(self, weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
        drawn = Drawn(self.spec, self.training, x[..., self.width :], self.masks)
        equations = importlib.import_module(f"oracles.switches.{self.key}")
        found: tuple[Array, State] = equations.step(self.inner, weights, x[..., : self.width], state, drawn)
        return found


def written() -> list[str]:
    """The keys of the switches that have an oracle."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem != "__init__")
