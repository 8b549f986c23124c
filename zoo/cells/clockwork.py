"""The clockwork network."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Product, State, check_positive, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class ClockworkSpec(CellSpec):
    """Options of the clockwork network."""

    periods: Sequence[int] = (1, 2, 4, 8)
    """T: how many steps lie between two moves of a unit, for each group of units, in ascending order."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "periods", tuple(self.periods))  # a recipe has lists
        for period in self.periods:
            check_positive("periods", period)
        if not self.periods or any(a >= b for a, b in pairwise(self.periods)):
            raise ValueError(f"periods are {self.periods}; expected one or more, in ascending order")


class ClockworkState(NamedTuple):
    """State of the clockwork network: the hidden vector, and the steps since each unit last moved."""

    h: Float[Tensor, "B H"]
    phase: Float[Tensor, "B H"]


@final
@register_cell("clockwork", ClockworkSpec)
class Clockwork(Cell):
    r"""The clockwork network: groups of units move at periods of their own, and slow ones remember longer.

    Equations, T the period of each unit, t counted from 0::

        g_t = tanh(W x_t + U h_{t-1} + b)
        h_t = g_t where t mod T = 0, else h_{t-1}

    A unit sees those of its own and of longer periods: U is 0 where the column's period is the shorter one.
    Unit k of H belongs to group k G / H of G, rounded down.
    Rows of the fused weights: h. State: h, phase (B, H), phase t mod T. Output: h_t.
    Reference: Koutník et al., 2014, https://arxiv.org/abs/1402.3511, section 3.
    Deviations: the first step is t = 0, in which all units move; groups have the sizes that H allows; a step
    costs as much as if all units moved.
    """

    card: ClassVar[Card] = Card(
        paper="Koutník et al., 2014, https://arxiv.org/abs/1402.3511",
        family="gradient",
        claim="units that do not move do not move, and gradients pass them unchanged",
    )
    gates: ClassVar[str] = "h"
    state_type = ClockworkState
    period: Tensor
    spec: ClockworkSpec

    def add_parameters(self) -> None:
        periods, width = self.spec.periods, self.hidden_size
        own = [float(periods[unit * len(periods) // width]) for unit in range(width)]
        self.register_buffer("period", torch.tensor(own), persistent=False)

    def recurrent_weight(self, gates: str) -> Tensor:
        """U, without what slow units would see of fast ones."""
        sees = self.period[:, None] <= self.period
        return torch.where(sees, super().recurrent_weight(gates), 0.0)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, phase = state
        g = torch.tanh(pre + product("h", h))
        h = torch.where(phase < 1, g, h)
        phase = phase + 1
        phase = torch.where(phase >= self.period, phase - self.period, phase)
        return h, ClockworkState(h, phase)
