"""What the claims share that say what a system is: its equations, against what the zoo computes."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from zoo.cells import Cell
from zoo.claims.base import Claim, Measured, Number, Resources, Verdict
from zoo.claims.picture import across, panels
from zoo.pictures.looks import ALARM, RUNS
from zoo.stack import Stack, StackSpec

EXACT = 1e-9
"""How far a number in float64 may be off that is the same."""
LEAST = 1e-18
"""Where bars of errors begin; those that are 0 have none."""


@dataclass(frozen=True, kw_only=True)
class System(Claim):
    """A system of the notes: that the zoo has it is measured by writing its equations out."""

    source: ClassVar[str] = "lecture notes"
    rule: ClassVar[str] = f"holds if every error is at most {EXACT:g}, in float64; else contradicted"

    @abstractmethod
    def errors(self) -> Mapping[str, float]:
        """Name -> largest difference between what the zoo computes and what the equations say."""

    def at_work(self) -> Sequence[Number]:
        """What it does when it is trained, beside what is known of that; by default it is not."""
        return ()

    def measure(self, resources: Resources) -> Measured:
        torch.manual_seed(0)
        errors = (Number(what=what, value=error, limit=EXACT) for what, error in self.errors().items())
        return Measured((*errors, *self.at_work()))

    def judge(self, found: Measured) -> Verdict:
        is_exact = all(number.value <= EXACT for number in found.numbers if number.limit is not None)
        return Verdict.HOLDS if is_exact else Verdict.CONTRADICTED

    def finding(self, found: Measured) -> str:
        worst = max(number.value for number in found.numbers if number.limit is not None)
        return f"The largest error is {worst:.0e}" if worst else "It is the same to the last bit"

    def draw(self, found: Measured, figure: Figure) -> None:
        (axes,) = panels(figure, "largest error, by what is held against its equation", left=3.6)
        errors = [number for number in found.numbers if number.limit is not None]
        places = range(len(errors))
        axes.barh(places, [max(error.value, LEAST) for error in errors], left=LEAST, color=RUNS[0])
        axes.axvline(EXACT, color=ALARM, linestyle=":")
        axes.set(xscale="log", xlim=(LEAST, 10 * EXACT), ylim=(len(errors) - 0.5, -0.5))
        axes.set_yticks(places, [error.what for error in errors])
        across(axes, "error in float64 (dotted: the limit)")


@final
@dataclass(frozen=True)
class Run:
    """A stack, what it reads, and what it gives, for equations to be held against.

    Attributes:
        stack: The stack, in float64.
        x: Its inputs.
        output: Its outputs.
    """

    stack: Stack
    x: Float[np.ndarray, "B T I"]
    output: Float[np.ndarray, "B T O"]

    @classmethod
    def of(cls, spec: StackSpec, input_size: int = 3, steps: int = 7) -> "Run":
        """A stack with random weights on random inputs."""
        stack = spec.build(input_size).double()
        x = torch.randn(2, steps, input_size, dtype=torch.float64)
        with torch.no_grad():
            output, _ = stack(x)
        return cls(stack, x.numpy(), output.numpy())

    def weights(self, cell: int = 0) -> dict[str, np.ndarray]:
        """Those of one cell, by name."""
        return {name: value.numpy() for name, value in self.stack.cells()[cell].state_dict().items()}


def one_layer(cell: Cell, x: np.ndarray) -> np.ndarray:
    """What a cell gives alone, in a layer of its own."""
    spec = StackSpec(cell=cell.spec, hidden_size=cell.hidden_size)
    stack = spec.build(cell.input_size).double()
    stack.cells()[0].load_state_dict(cell.state_dict())
    with torch.no_grad():
        output, _ = stack(torch.from_numpy(np.ascontiguousarray(x)))
    found: np.ndarray = output.numpy()
    return found


def largest(one: np.ndarray | Tensor, other: np.ndarray | Tensor) -> float:
    """The largest difference."""
    return float(np.abs(np.asarray(one) - np.asarray(other)).max())


def sigmoid(value: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-x)."""
    return np.asarray(1 / (1 + np.exp(-value)))
