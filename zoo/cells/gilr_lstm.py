"""The LSTM over a surrogate of its hidden state that is linear in itself."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class GILRLSTMSpec(ForgetSpec):
    """Options of the GILR-LSTM."""


class GILRLSTMState(NamedTuple):
    """State of the GILR-LSTM: the surrogate of the hidden state, and the cell state."""

    s: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("gilr_lstm", GILRLSTMSpec)
class GILRLSTM(Cell):
    r"""An LSTM whose gates see a gated average of the inputs instead of its output: no loop is needed.

    Equations::

        r_t = σ(W_r x_t + b_r)
        j_t = tanh(W_j x_t + b_j)
        s_t = r_t ∘ s_{t-1} + (1 - r_t) ∘ j_t
        i_t = σ(W_i x_t + U_i s_{t-1} + b_i)
        f_t = σ(W_f x_t + U_f s_{t-1} + b_f)
        o_t = σ(W_o x_t + U_o s_{t-1} + b_o)
        g_t = tanh(W_g x_t + U_g s_{t-1} + b_g)
        c_t = f_t ∘ c_{t-1} + i_t ∘ g_t
        h_t = o_t ∘ c_t

    Rows of the fused weights: i, f, g, o, r, j; of the recurrent ones: i, f, g, o. State: s, c (B, H).
    Output: h_t. s is linear in s, and c in c once s is known: two scans one after the other. As one state
    they are not linear, for s gates c.
    Reference: Martin & Cundy, 2018, https://arxiv.org/abs/1709.04057, section 3.2, whose g, j, h̃ and z are r,
    j, s and g here. The gates see s_{t-1}, as written there; its authors' code gives them s_t.
    Deviation: b_f starts at `forget_bias`.
    """

    card: ClassVar[Card] = Card(
        paper="Martin & Cundy, 2018, https://arxiv.org/abs/1709.04057",
        family="linear",
        claim="What the gates see of the past is linear in it, so that two scans run the cell.",
    )
    gates: ClassVar[str] = "ifgorj"
    state_type = GILRLSTMState
    spec: GILRLSTMSpec

    @property
    def recurrent_gates(self) -> str:
        return "ifgo"

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        s, c = state
        x_i, x_f, x_g, x_o, r, j = pre.chunk(6, dim=-1)
        s_i, s_f, s_g, s_o = product("ifgo", s).chunk(4, dim=-1)
        c = torch.sigmoid(x_f + s_f) * c + torch.sigmoid(x_i + s_i) * torch.tanh(x_g + s_g)
        h = torch.sigmoid(x_o + s_o) * c
        r = torch.sigmoid(r)
        s = r * s + (1 - r) * torch.tanh(j)
        return h, GILRLSTMState(s, c)
