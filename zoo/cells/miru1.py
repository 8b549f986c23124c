"""The first minion recurrent unit."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class MiRU1Spec(CellSpec):
    """Options of MiRU1."""

    update: float = 0.5
    """λ: the part of the state that stays in each step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.update < 1:
            raise ValueError(f"update is {self.update}; expected at least 0 and less than 1")


@final
@register_cell("miru1", MiRU1Spec)
class MiRU1(Cell):
    r"""A GRU whose update gate is a constant.

    Equations::

        r_t = σ(W_r x_t + U_r h_{t-1} + b_r)
        n_t = tanh(W_n x_t + U_n (r_t ∘ h_{t-1}) + b_n)
        h_t = λ h_{t-1} + (1 - λ) n_t

    Rows of the fused weights: r, n. State: h (B, H). Output: h_t.
    Reference: Zyarah & Kudithipudi, 2026, https://doi.org/10.1016/j.neucom.2026.132847, whose h̃ is n
    here, as torchrecurrent writes its equations: the paper itself was not at hand.
    """

    card: ClassVar[Card] = Card(
        paper="Zyarah & Kudithipudi, 2026, https://doi.org/10.1016/j.neucom.2026.132847",
        claim="Two thirds of a GRU's parameters, and a part λ of the state that always stays.",
    )
    gates: ClassVar[str] = "rn"
    spec: MiRU1Spec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_r, x_n = pre.chunk(2, dim=-1)
        r = torch.sigmoid(x_r + product("r", h))
        n = candidate(torch.tanh(x_n + product("n", r * h)), product)
        h = self.spec.update * h + (1 - self.spec.update) * n
        return h, Hidden(h)
