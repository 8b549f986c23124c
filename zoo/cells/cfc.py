"""The closed-form continuous-time network."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class CfCSpec(CellSpec):
    """Options of the closed-form continuous-time network: those of every cell."""


@final
@register_cell("cfc", CfCSpec)
class CfC(Cell):
    r"""A liquid network solved in closed form: two candidates, and a gate between them that closes with time.

    Equations, with Δ_t the time since the step before::

        f_t = W_f x_t + U_f h_{t-1} + b_f
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        k_t = tanh(W_k x_t + U_k h_{t-1} + b_k)
        s_t = σ(-f_t Δ_t)
        h_t = s_t ∘ g_t + (1 - s_t) ∘ k_t

    Rows of the fused weights: f, g, k. State: h (B, H). Output: h_t.
    Reference: Hasani et al., 2022, https://arxiv.org/abs/2106.13898, whose x, I and h are h, x and k here.
    Deviation: f, g and k are one layer each; in the paper they may share a deeper backbone, which is left to
    the stack.
    """

    card: ClassVar[Card] = Card(
        paper="Hasani et al., 2022, https://arxiv.org/abs/2106.13898",
        family="continuous",
        claim="Where f is positive it goes from the mean of both candidates to k as time passes.",
    )
    gates: ClassVar[str] = "fgk"
    reads_deltas: ClassVar[bool] = True
    spec: CfCSpec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_f, x_g, x_k, delta = pre.chunk(4, dim=-1)
        h_f, h_g, h_k = product("fgk", h).chunk(3, dim=-1)
        s = torch.sigmoid(-(x_f + h_f) * delta)
        h = s * torch.tanh(x_g + h_g) + (1 - s) * torch.tanh(x_k + h_k)
        return h, Hidden(h)
