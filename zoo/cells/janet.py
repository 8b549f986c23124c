"""The LSTM with a forget gate only."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import (
    LONG_SEQUENCES,
    Card,
    Cell,
    ChronoSpec,
    ForgetSpec,
    Hidden,
    Product,
    State,
    candidate,
    chrono_,
    register_cell,
)


@final
@dataclass(frozen=True, kw_only=True)
class JANETSpec(ForgetSpec, ChronoSpec):
    """Options of JANET."""

    beta: float = 1.0
    """β: how much more is let in than forgotten; at 0 what comes in and what stays add up to 1."""


@final
@register_cell("janet", JANETSpec)
class JANET(Cell):
    r"""Just another network: an LSTM left with its forget gate.

    Equations::

        s_t = W_f x_t + U_f h_{t-1} + b_f
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        h_t = σ(s_t) ∘ h_{t-1} + (1 - σ(s_t - β)) ∘ g_t

    Rows of the fused weights: f, g. State: h (B, H). Output: h_t.
    Reference: van der Westhuizen & Lasenby, 2018, https://arxiv.org/abs/1804.04849, whose c̃ is g here.
    Deviation: b_f starts at `forget_bias`; the paper draws it by the chrono initialiser, which needs the
    longest dependence: `chrono`.
    """

    card: ClassVar[Card] = Card(
        paper="van der Westhuizen & Lasenby, 2018, https://arxiv.org/abs/1804.04849",
        recommended=LONG_SEQUENCES,
    )
    gates: ClassVar[str] = "fg"
    spec: JANETSpec

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        chrono_(self, keep="f")

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        s, g = (pre + product("fg", h)).chunk(2, dim=-1)
        h = torch.sigmoid(s) * h + (1 - torch.sigmoid(s - self.spec.beta)) * candidate(torch.tanh(g), product)
        return h, Hidden(h)
