"""What cells share whose gates' biases say over how many steps they remember."""

from dataclasses import dataclass

import torch

from zoo.cells.cell import Cell, CellSpec


@dataclass(frozen=True, kw_only=True)
class ChronoSpec(CellSpec):
    """Options of a cell with gates that keep its state."""

    chrono: int | None = None
    """T, the longest dependence in steps: units start such that they remember over 2 to T steps, each over
    another number (the chrono initialiser of Tallec & Ollivier, 2018, https://arxiv.org/abs/1804.11188)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.chrono is None:
            return
        if isinstance(self.chrono, bool) or not isinstance(self.chrono, int) or self.chrono < 3:
            raise ValueError(
                f"chrono is {self.chrono!r}; expected at least 3 steps, or null"
            )
        if not self.bias:
            raise ValueError(f"chrono is {self.chrono} with bias False; expected bias True")
        default = vars(type(self)).get("forget_bias")
        if getattr(self, "forget_bias", default) != default:
            raise ValueError("chrono and forget_bias both start the same bias; expected one of them")


@torch.no_grad()
def chrono_(cell: Cell, keep: str = "", take: str = "") -> None:
    """Starts the bias of the gate that keeps the state at log U(1, T - 1), of one that takes in at minus it.

    With it a state that nothing is added to falls to 1/e in about exp(bias) steps; nothing without `chrono`.
    """
    longest = getattr(cell.spec, "chrono", None)
    if longest is None or cell.bias is None:
        return
    bias = torch.empty_like(cell.bias[: cell.hidden_size]).uniform_(1, longest - 1).log_()
    for gate, value in ((keep, bias), (take, -bias)):
        if gate:
            cell.bias[cell.rows(gate)] = value
