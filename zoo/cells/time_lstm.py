"""The time-aware LSTM."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class TimeLSTMSpec(ForgetSpec):
    """Options of the time-aware LSTM."""

    decay: Literal["log", "reciprocal"] = "log"
    """g(Δ): 1 / log(e + Δ), for long times, or 1 / Δ, for short ones."""


class TimeLSTMState(NamedTuple):
    """State of the time-aware LSTM: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("time_lstm", TimeLSTMSpec)
class TimeLSTM(Cell):
    r"""An LSTM for irregular times: the short-term part of its memory is discounted by how long ago it was.

    Equations, with Δ_t the time since the step before::

        s_t = tanh(U_s c_{t-1} + d_s)
        c*  = c_{t-1} - s_t + g(Δ_t) s_t
        i_t = σ(W_i x_t + U_i h_{t-1} + b_i)
        f_t = σ(W_f x_t + U_f h_{t-1} + b_f)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        o_t = σ(W_o x_t + U_o h_{t-1} + b_o)
        c_t = f_t ∘ c* + i_t ∘ g_t
        h_t = o_t ∘ tanh(c_t)

    Rows of the fused weights: i, f, g, o; of the recurrent ones: i, f, g, o, s, of which s multiplies c.
    `bias_hh` is d_s. State: h, c (B, H). Output: h_t.
    Reference: Baytas et al., 2017, https://doi.org/10.1145/3097983.3097997, section 3.1, whose C^S is s here.
    Deviation: b_f starts at `forget_bias`.
    """

    card: ClassVar[Card] = Card(
        paper="Baytas et al., 2017, https://doi.org/10.1145/3097983.3097997",
        equations="section 3.1",
        family="continuous",
        claim="The long-term part of the memory, c - s, is kept whatever the time that has passed.",
    )
    gates: ClassVar[str] = "ifgo"
    state_type = TimeLSTMState
    reads_deltas: ClassVar[bool] = True
    spec: TimeLSTMSpec

    @property
    def recurrent_gates(self) -> str:
        return "ifgos"

    @property
    def recurrent_bias(self) -> str:
        return "s"

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        x_i, x_f, x_g, x_o, delta = pre.chunk(5, dim=-1)
        h_i, h_f, h_g, h_o = product("ifgo", h).chunk(4, dim=-1)
        discount = 1 / delta if self.spec.decay == "reciprocal" else 1 / torch.log(math.e + delta)
        s = torch.tanh(product("s", c))
        c = c - s + discount * s
        g = candidate(torch.tanh(x_g + h_g), product)
        c = torch.sigmoid(x_f + h_f) * c + torch.sigmoid(x_i + h_i) * g
        h = torch.sigmoid(x_o + h_o) * torch.tanh(c)
        return h, TimeLSTMState(h, c)
