"""The minimal gated unit."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class MGUSpec(CellSpec):
    """Options of the minimal gated unit: those of every cell."""


@final
@register_cell("mgu", MGUSpec)
class MGU(Cell):
    r"""The minimal gated unit: one gate decides both what to read and what to overwrite.

    Equations::

        f_t = σ(W_f x_t + U_f h_{t-1} + b_f)
        n_t = tanh(W_n x_t + U_n (f_t ∘ h_{t-1}) + b_n)
        h_t = (1 - f_t) ∘ h_{t-1} + f_t ∘ n_t

    Rows of the fused weights: f, n. State: h (B, H). Output: h_t.
    Reference: Zhou et al., 2016, https://arxiv.org/abs/1603.09420, whose h̃ is n here. No deviations.
    """

    card: ClassVar[Card] = Card(paper="Zhou et al., 2016, https://arxiv.org/abs/1603.09420")
    gates: ClassVar[str] = "fn"
    spec: MGUSpec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_f, x_n = pre.chunk(2, dim=-1)
        f = torch.sigmoid(x_f + product("f", h))
        n = candidate(torch.tanh(x_n + product("n", f * h)), product)
        h = (1 - f) * h + f * n
        return h, Hidden(h)
