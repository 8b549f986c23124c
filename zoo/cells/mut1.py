"""The first of the three units that a search over architectures found."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, CellSpec, Hidden, Product, SkipCell, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class MUT1Spec(CellSpec):
    """Options of MUT1: those of every cell."""


@final
@register_cell("mut1", MUT1Spec)
class MUT1(SkipCell):
    r"""MUT1, a mutated GRU: the input alone decides what is overwritten, and enters the candidate squashed.

    Equations, with x̂_t = x_t where I = H, and W_s x_t (`weight_skip`) elsewhere::

        z_t = σ(W_z x_t + b_z)
        r_t = σ(W_r x_t + U_r h_{t-1} + b_r)
        n_t = tanh(U_n (r_t ∘ h_{t-1}) + d_n + tanh(x̂_t))
        h_t = z_t ∘ n_t + (1 - z_t) ∘ h_{t-1}

    Rows of the fused weights: z, r; of the recurrent ones: r, n; of `bias_hh`: n. State: h (B, H).
    Output: h_t.
    Reference: Jozefowicz et al., 2015, https://proceedings.mlr.press/v37/jozefowicz15.html, MUT1,
    whose b_h is d_n here and whose h_{t+1} is h_t.
    Deviation: W_s, as inputs may have another width.
    """

    card: ClassVar[Card] = Card(
        paper="Jozefowicz et al., 2015, https://proceedings.mlr.press/v37/jozefowicz15.html"
    )
    gates: ClassVar[str] = "zr"
    spec: MUT1Spec

    @property
    def recurrent_gates(self) -> str:
        return "rn"

    @property
    def recurrent_bias(self) -> str:
        return "n"

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        z, r, x = pre.chunk(3, dim=-1)
        z, r = torch.sigmoid(z), torch.sigmoid(r + product("r", h))
        n = candidate(torch.tanh(product("n", r * h) + torch.tanh(x)), product)
        h = z * n + (1 - z) * h
        return h, Hidden(h)
