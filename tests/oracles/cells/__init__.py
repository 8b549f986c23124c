"""The equations of every cell, one file each, written down from its paper and from nothing else.

`oracles/cells/<key>.py` has one function, `step(weights, x, state, spec)`: the output and the new state.
Where parameters do not start as usual (input weights by Xavier, recurrent ones orthogonal, vectors at 0),
STARTS_OTHERWISE names them. Where a state sees only some steps of the past, `stride(spec)` says how many
lie between these; where a step may read nothing, SKIPS says so. READS_MISSING says that NaN is a missing
value, which some parameters are for; STEEPNESS by how much a step may enlarge an error of rounding. Where
torchrecurrent has the cell, TORCHRECURRENT says how (`oracles.elsewhere`).
"""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oracles.arrays import Array, State, Weights
from oracles.slopes import Slopes


@dataclass(frozen=True)
class Oracle:
    """A cell's equations with its options, and their derivative.

    Attributes:
        equations: A module with a function `step`.
        spec: The options.
    """

    equations: Any
    spec: Any = None

    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        """The output and the new state."""
        return self.equations.step(weights, x, state, self.spec)

    def slopes(self, weights: Weights, x: Array, state: State) -> "StepSlopes":
        """The derivative of `step`."""

        def step(x: Array, *rest: Array) -> tuple[Array, ...]:
            named = dict(zip(weights, rest[len(state) :], strict=True))
            output, new = self.step(named, x, rest[: len(state)])
            return output, *new

        return StepSlopes(Slopes(step, [x, *state, *weights.values()]), len(state), list(weights))


@dataclass(frozen=True)
class StepSlopes:
    """The derivative of one step.

    Attributes:
        found: With respect to the input, the tensors of the state, the weights.
        parts: Tensors of the state.
        names: Of the weights.
    """

    found: Slopes
    parts: int
    names: list[str]

    def back(self, d_output: Array, d_state: State) -> tuple[Array, State, Weights]:
        """The gradients of the input, the old state and the weights, given those of output and new state."""
        d_x, *rest = self.found.back([d_output, *d_state])
        return d_x, tuple(rest[: self.parts]), dict(zip(self.names, rest[self.parts :], strict=True))


def written() -> list[str]:
    """The keys of the cells that have an oracle."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem != "__init__")


def oracle(key: str, spec: Any = None) -> Oracle:
    """The oracle of a cell with these options."""
    return Oracle(importlib.import_module(f"oracles.cells.{key}"), spec)
