"""The multiplicative LSTM."""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class MultiplicativeLSTMSpec(ForgetSpec):
    """Options of the multiplicative LSTM."""

    squash: Literal["cell", "gated"] = "cell"
    """What is squashed on its way out: the "cell", before the output gate, or the "gated" cell, after it."""


class MultiplicativeLSTMState(NamedTuple):
    """State of the multiplicative LSTM: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("multiplicative_lstm", MultiplicativeLSTMSpec)
class MultiplicativeLSTM(Cell):
    r"""The multiplicative LSTM: each input has a recurrent matrix of its own, which absorbs surprises.

    Equations, squash "cell"::

        m_t = (W_m x_t + b_m) ∘ (U_m h_{t-1})
        i_t = σ(W_i x_t + U_i m_t + b_i)
        f_t = σ(W_f x_t + U_f m_t + b_f)
        g_t = tanh(W_g x_t + U_g m_t + b_g)
        o_t = σ(W_o x_t + U_o m_t + b_o)
        c_t = f_t ∘ c_{t-1} + i_t ∘ g_t
        h_t = o_t ∘ tanh(c_t)

    Equations, squash "gated": as above, with h_t = tanh(o_t ∘ c_t).

    Rows of the fused weights: m, i, f, g, o. State: h, c (B, H). Output: h_t.
    Reference: Krause et al., 2016, https://arxiv.org/abs/1609.07959, whose W_mh, ĥ and W_.m are U_m, the sum
    inside g and U here; m has H units, as in its experiments.
    Deviations: the biases; b_f starts at `forget_bias`. The output is that of the usual LSTM by default.
    """

    card: ClassVar[Card] = Card(
        paper="Krause et al., 2016, https://arxiv.org/abs/1609.07959",
        claim="The recurrent matrix of each gate, U diag(W_m x_t) U_m, is another for each input.",
    )
    gates: ClassVar[str] = "mifgo"
    state_type = MultiplicativeLSTMState
    spec: MultiplicativeLSTMSpec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        x_m, x_i, x_f, x_g, x_o = pre.chunk(5, dim=-1)
        m = x_m * product("m", h)
        m_i, m_f, m_g, m_o = product("ifgo", m).chunk(4, dim=-1)
        i, f, o = torch.sigmoid(x_i + m_i), torch.sigmoid(x_f + m_f), torch.sigmoid(x_o + m_o)
        c = f * c + i * candidate(torch.tanh(x_g + m_g), product)
        h = o * torch.tanh(c) if self.spec.squash == "cell" else torch.tanh(o * c)
        return h, MultiplicativeLSTMState(h, c)
