"""The LSTM with ordered neurons."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class ONLSTMSpec(ForgetSpec):
    """Options of the LSTM with ordered neurons."""


class ONLSTMState(NamedTuple):
    """State of the LSTM with ordered neurons: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("on_lstm", ONLSTMSpec)
class ONLSTM(Cell):
    r"""The LSTM with ordered neurons: units in front are overwritten before those behind, as in a tree.

    Equations, cumax the running sum of a softmax over the units::

        [i, f, o] = σ(W x_t + U h_{t-1} + b), g = tanh(W_g x_t + U_g h_{t-1} + b_g)
        m_t = cumax(W_m x_t + U_m h_{t-1} + b_m)
        n_t = 1 - cumax(W_n x_t + U_n h_{t-1} + b_n)
        w_t = m_t ∘ n_t
        c_t = (f_t ∘ w_t + m_t - w_t) ∘ c_{t-1} + (i_t ∘ w_t + n_t - w_t) ∘ g_t
        h_t = o_t ∘ tanh(c_t)

    Rows of the fused weights: i, f, g, o, m, n. State: h, c (B, H). Output: h_t.
    Reference: Shen et al., 2019, https://arxiv.org/abs/1810.09536, whose master gates f̃, ĩ and overlap ω are
    m, n, w here.
    Deviations: each unit has master gates of its own, where the paper's share theirs in chunks of 10; b_f
    starts at `forget_bias`.
    """

    card: ClassVar[Card] = Card(
        paper="Shen et al., 2019, https://arxiv.org/abs/1810.09536",
        claim="the master gates are monotone: what is forgotten or overwritten is so up to some unit",
    )
    gates: ClassVar[str] = "ifgomn"
    state_type = ONLSTMState
    spec: ONLSTMSpec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        i, f, g, o, m, n = (pre + product("ifgomn", h)).chunk(6, dim=-1)
        m = torch.softmax(m, dim=-1).cumsum(dim=-1)
        n = 1 - torch.softmax(n, dim=-1).cumsum(dim=-1)
        w = m * n
        g = candidate(torch.tanh(g), product)
        c = (torch.sigmoid(f) * w + m - w) * c + (torch.sigmoid(i) * w + n - w) * g
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, ONLSTMState(h, c)
