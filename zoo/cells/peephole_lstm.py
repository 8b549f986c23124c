"""The LSTM whose gates see the cell state."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class PeepholeLSTMSpec(ForgetSpec):
    """Options of the LSTM with peepholes."""


class PeepholeLSTMState(NamedTuple):
    """State of the LSTM with peepholes: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("peephole_lstm", PeepholeLSTMSpec)
class PeepholeLSTM(Cell):
    r"""The LSTM with peepholes: each gate also sees the cell that it guards, so that it can count and time.

    Equations::

        i_t = σ(W_i x_t + U_i h_{t-1} + p_i ∘ c_{t-1} + b_i)
        f_t = σ(W_f x_t + U_f h_{t-1} + p_f ∘ c_{t-1} + b_f)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        c_t = f_t ∘ c_{t-1} + i_t ∘ g_t
        o_t = σ(W_o x_t + U_o h_{t-1} + p_o ∘ c_t + b_o)
        h_t = o_t ∘ tanh(c_t)

    Rows of the fused weights: i, f, g, o. `peephole` (3H,): p_i, p_f, p_o. State: h, c (B, H). Output: h_t.
    Reference: Gers et al., 2002, https://www.jmlr.org/papers/v3/gers02a.html.
    Deviations: c_t is squashed on its way out, as in Graves, 2013, https://arxiv.org/abs/1308.0850; the
    peepholes start at 0, where this is the LSTM without them; the gradient is not truncated; b_f starts at
    `forget_bias`.
    """

    card: ClassVar[Card] = Card(paper="Gers et al., 2002, https://www.jmlr.org/papers/v3/gers02a.html")
    gates: ClassVar[str] = "ifgo"
    state_type = PeepholeLSTMState
    spec: PeepholeLSTMSpec

    def add_parameters(self) -> None:
        self.peephole = nn.Parameter(torch.empty(3 * self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.zeros_(self.peephole)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        i, f, g, o = (pre + product("ifgo", h)).chunk(4, dim=-1)
        p_i, p_f, p_o = self.peephole.chunk(3, dim=-1)
        c = torch.sigmoid(f + p_f * c) * c + torch.sigmoid(i + p_i * c) * candidate(torch.tanh(g), product)
        h = torch.sigmoid(o + p_o * c) * torch.tanh(c)
        return h, PeepholeLSTMState(h, c)
