"""The minimal LSTM that a parallel scan can run."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from zoo.cells.base import (
    LONG_SEQUENCES,
    Card,
    Cell,
    ChronoSpec,
    Hidden,
    Product,
    State,
    chrono_,
    register_cell,
)


@final
@dataclass(frozen=True, kw_only=True)
class MinLSTMSpec(ChronoSpec):
    """Options of the minLSTM."""

    candidate: Literal["linear", "positive"] = "linear"
    """The candidate: the product itself, or made positive as in the paper's log-space version."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no recurrent weights")


@final
@register_cell("minlstm", MinLSTMSpec)
class MinLSTM(Cell):
    r"""The minLSTM: an LSTM whose gates do not see the state, add up to 1, and let all of it out.

    Equations::

        i_t = σ(W_i x_t + b_i)
        f_t = σ(W_f x_t + b_f)
        g_t = W_g x_t + b_g
        h_t = f_t / (f_t + i_t) ∘ h_{t-1} + i_t / (f_t + i_t) ∘ g_t

    With candidate "positive", a = W_g x_t + b_g::

        g_t = a + 1/2  where a >= 0,  σ(a)  elsewhere

    The quotient is taken as σ(log f_t - log i_t), which stays exact where both gates are shut.
    Rows of the fused weights: i, f, g; no recurrent weights. State: h (B, H). Output: h_t.
    Reference: Feng et al., 2024, https://arxiv.org/abs/2410.01201, whose h̃ is g here.
    Deviation: with candidate "positive" the paper also makes the initial state positive; here it is taken
    as it is given.
    """

    card: ClassVar[Card] = Card(
        paper="Feng et al., 2024, https://arxiv.org/abs/2410.01201",
        family="linear",
        recommended=LONG_SEQUENCES,
        linear=True,
    )
    gates: ClassVar[str] = "ifg"
    spec: MinLSTMSpec

    @property
    def recurrent_gates(self) -> str:
        return ""

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        chrono_(self, keep="f", take="i")

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        i, f, g = pre.chunk(3, dim=-1)
        f = torch.sigmoid(F.softplus(-i) - F.softplus(-f))
        if self.spec.candidate == "positive":
            g = torch.where(g >= 0, g + 0.5, torch.sigmoid(g))
        h = f * h + (1 - f) * g
        return h, Hidden(h)
