"""The third of the three units that a search over architectures found."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class MUT3Spec(CellSpec):
    """Options of MUT3: those of every cell."""


@final
@register_cell("mut3", MUT3Spec)
class MUT3(Cell):
    r"""MUT3, a mutated GRU: its update gate sees the state squashed.

    Equations::

        z_t = σ(W_z x_t + U_z tanh(h_{t-1}) + b_z)
        r_t = σ(W_r x_t + U_r h_{t-1} + b_r)
        n_t = tanh(W_n x_t + U_n (r_t ∘ h_{t-1}) + b_n)
        h_t = z_t ∘ n_t + (1 - z_t) ∘ h_{t-1}

    Rows of the fused weights: z, r, n. State: h (B, H). Output: h_t.
    Reference: Jozefowicz et al., 2015, https://proceedings.mlr.press/v37/jozefowicz15.html, MUT3,
    whose b_h is b_n here and whose h_{t+1} is h_t. No deviations.
    """

    card: ClassVar[Card] = Card(
        paper="Jozefowicz et al., 2015, https://proceedings.mlr.press/v37/jozefowicz15.html"
    )
    gates: ClassVar[str] = "zrn"
    spec: MUT3Spec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_z, x_r, x_n = pre.chunk(3, dim=-1)
        z = torch.sigmoid(x_z + product("z", torch.tanh(h)))
        r = torch.sigmoid(x_r + product("r", h))
        n = candidate(torch.tanh(x_n + product("n", r * h)), product)
        h = z * n + (1 - z) * h
        return h, Hidden(h)
