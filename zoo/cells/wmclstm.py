"""The LSTM with working memory connections."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class WMCLSTMSpec(ForgetSpec):
    """Options of the LSTM with working memory connections."""


class WMCLSTMState(NamedTuple):
    """State of the LSTM with working memory connections: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("wmclstm", WMCLSTMSpec)
class WMCLSTM(Cell):
    r"""An LSTM whose gates see the whole memory, through a matrix, squashed so as not to saturate them.

    Equations::

        i_t = σ(W_i x_t + U_i h_{t-1} + tanh(U_u c_{t-1}) + b_i)
        f_t = σ(W_f x_t + U_f h_{t-1} + tanh(U_v c_{t-1}) + b_f)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        c_t = f_t ∘ c_{t-1} + i_t ∘ g_t
        o_t = σ(W_o x_t + U_o h_{t-1} + tanh(U_w c_t) + b_o)
        h_t = o_t ∘ tanh(c_t)

    Rows of the fused weights: i, f, g, o; of the recurrent ones: i, f, g, o, and u, v, w, which multiply c.
    State: h, c (B, H). Output: h_t.
    Reference: Landi et al., 2021, https://arxiv.org/abs/2109.00020, whose W_ic, W_fc and W_oc are U_u, U_v
    and U_w here.
    Deviation: b_f starts at `forget_bias`.
    """

    card: ClassVar[Card] = Card(
        paper="Landi et al., 2021, https://arxiv.org/abs/2109.00020",
        claim="No memory, however large, moves the sum of a gate by more than 1.",
    )
    gates: ClassVar[str] = "ifgo"
    state_type = WMCLSTMState
    spec: WMCLSTMSpec

    @property
    def recurrent_gates(self) -> str:
        return "ifgouvw"

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        i, f, g, o = (pre + product("ifgo", h)).chunk(4, dim=-1)
        c_i, c_f = torch.tanh(product("uv", c)).chunk(2, dim=-1)
        c = torch.sigmoid(f + c_f) * c + torch.sigmoid(i + c_i) * candidate(torch.tanh(g), product)
        h = torch.sigmoid(o + torch.tanh(product("w", c))) * torch.tanh(c)
        return h, WMCLSTMState(h, c)
