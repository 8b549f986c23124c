"""What cells share whose gates' biases say over how many steps they remember."""

import math
from dataclasses import dataclass

import torch

from zoo.cells.cell import Cell
from zoo.cells.cell_spec import CellSpec, ForgetSpec

LONG_SEQUENCES = "chrono: about as many steps as a sequence has, where that is more than ten or so"
"""What the card of such a cell recommends."""


@dataclass(frozen=True, kw_only=True)
class ChronoSpec(CellSpec):
    """Options of a cell with gates that keep its state."""

    chrono: int | None = None
    """T, the longest dependence in steps: units start such that each remembers over another number of steps,
    from 2 to T. As the chrono initialiser of Tallec & Ollivier, 2018, https://arxiv.org/abs/1804.11188, but
    with biases from U(0, log(T - 1)); theirs, from log U(1, T - 1), leave half of the units above T / 2."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.chrono is None:
            return
        if isinstance(self.chrono, bool) or not isinstance(self.chrono, int) or self.chrono < 3:
            raise ValueError(f"chrono is {self.chrono!r}; expected at least 3 steps, or null")
        if not self.bias:
            raise ValueError(f"chrono is {self.chrono} with bias False; expected bias True")
        if isinstance(self, ForgetSpec) and self.forget_bias != type(self).forget_bias:
            raise ValueError("chrono and forget_bias both start the same bias; expected one of them")


@torch.no_grad()
def chrono_(cell: Cell, keep: str = "", take: str = "") -> None:
    """Starts the bias of the gate that keeps the state at U(0, log(T - 1)), of one that takes in at minus it.

    A state that nothing is added to then falls to 1/e in about 1 + exp(bias) steps. Nothing without `chrono`.
    """
    assert isinstance(cell.spec, ChronoSpec)
    longest = cell.spec.chrono
    if longest is None or cell.bias is None:
        return
    bias = torch.empty_like(cell.bias[: cell.hidden_size]).uniform_(0, math.log(longest - 1))
    for gate, value in ((keep, bias), (take, -bias)):
        if gate:
            cell.bias[cell.rows(gate)] = value
