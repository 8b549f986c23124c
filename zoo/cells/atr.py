"""The addition-subtraction twin-gated recurrent network."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class ATRSpec(CellSpec):
    """Options of the twin-gated network."""

    bias: bool = False
    """Whether p and q have additive biases; the paper's have none."""


@final
@register_cell("atr", ATRSpec)
class ATR(Cell):
    r"""The twin-gated network: two gates without weights of their own, one of a sum and one of a difference.

    Equations::

        p_t = W_p x_t + b_p
        q_t = U_q h_{t-1} + d_q
        i_t = σ(p_t + q_t)
        f_t = σ(p_t - q_t)
        h_t = i_t ∘ p_t + f_t ∘ h_{t-1}

    Rows of the fused weights: p; of the recurrent ones and of `bias_hh`: q. State: h (B, H). Output: h_t.
    Reference: Zhang et al., 2018, https://arxiv.org/abs/1810.12546. Deviation: the biases, if asked for.
    """

    card: ClassVar[Card] = Card(
        paper="Zhang et al., 2018, https://arxiv.org/abs/1810.12546",
        claim="The gates are twins: history that opens the one closes the other.",
    )
    gates: ClassVar[str] = "p"
    spec: ATRSpec

    @property
    def recurrent_gates(self) -> str:
        return "q"

    @property
    def recurrent_bias(self) -> str:
        return "q"

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        p, q = pre, product("q", h)
        i, f = torch.sigmoid(p + q), torch.sigmoid(p - q)
        h = i * p + f * h
        return h, Hidden(h)
