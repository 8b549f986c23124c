"""What cells share whose gates see this input and the one before: Balduzzi & Ghifary, 2016."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.cell import Cell
from zoo.cells.cell_spec import CellSpec


@dataclass(frozen=True, kw_only=True)
class StronglyTypedSpec(CellSpec):
    """Options of every strongly typed cell."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no weights that multiply its state")


class StronglyTypedCell(Cell):
    """A cell whose gates add V x_{t-1} to W x_t + b; V x_t is the first part of its state.

    `weight_before` (3H, I): V. In `pre`, V x_t comes behind W x_t + b. The state's second part has H units.
    """

    gates: ClassVar[str] = "zfo"

    @property
    def recurrent_gates(self) -> str:
        return ""

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return 3 * self.hidden_size, self.hidden_size

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return ()

    def add_parameters(self) -> None:
        self.weight_before = nn.Parameter(torch.empty(3 * self.hidden_size, self.input_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        for gate in self.gates:
            nn.init.xavier_uniform_(self.weight_before[self.rows(gate)])

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """W x + b, and behind it V x, which the step after will read."""
        return torch.cat([super().project(x), F.linear(x, self.weight_before)], dim=-1)
