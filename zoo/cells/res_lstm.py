"""The residual LSTM."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, ForgetSpec, Product, SkipCell, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class ResLSTMSpec(ForgetSpec):
    """Options of the residual LSTM."""


class ResLSTMState(NamedTuple):
    """State of the residual LSTM: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("res_lstm", ResLSTMSpec)
class ResLSTM(SkipCell):
    r"""The residual LSTM: its output gate lets the layer below through beside what the cell has to say.

    Equations, with x̂_t = x_t where I = H, and W_s x_t (`weight_skip`) elsewhere::

        i_t = σ(W_i x_t + U_i h_{t-1} + p_i ∘ c_{t-1} + b_i)
        f_t = σ(W_f x_t + U_f h_{t-1} + p_f ∘ c_{t-1} + b_f)
        g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)
        c_t = f_t ∘ c_{t-1} + i_t ∘ g_t
        o_t = σ(W_o x_t + U_o h_{t-1} + p_o ∘ c_t + b_o)
        h_t = o_t ∘ (V tanh(c_t) + x̂_t)

    Rows of the fused weights: i, f, g, o. `peephole` (3H,): p_i, p_f, p_o. `weight_projection` (H, H): V.
    State: h, c (B, H). Output: h_t.
    Reference: Kim et al., 2017, https://arxiv.org/abs/1701.03360, section 3.2, whose W_p, W_h are V, W_s
    here; as there, W_s is left out where widths agree.
    Deviations: h is as wide as c; the peepholes start at 0; b_f starts at `forget_bias`.
    """

    card: ClassVar[Card] = Card(
        paper="Kim et al., 2017, https://arxiv.org/abs/1701.03360",
        no_decay=("peephole",),
    )
    gates: ClassVar[str] = "ifgo"
    state_type = ResLSTMState
    products: ClassVar[Mapping[str, str]] = {"projection": "weight_projection"}
    spec: ResLSTMSpec

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return (self.peephole,)

    def add_parameters(self) -> None:
        width = self.hidden_size
        self.peephole = nn.Parameter(torch.empty(3 * width))
        self.weight_projection = nn.Parameter(torch.empty(width, width))
        super().add_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.zeros_(self.peephole)
        nn.init.xavier_uniform_(self.weight_projection)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        x_i, x_f, x_g, x_o, x = pre.chunk(5, dim=-1)
        h_i, h_f, h_g, h_o = product("ifgo", h).chunk(4, dim=-1)
        p_i, p_f, p_o = self.peephole.chunk(3, dim=-1)
        i, f = torch.sigmoid(x_i + h_i + p_i * c), torch.sigmoid(x_f + h_f + p_f * c)
        c = f * c + i * candidate(torch.tanh(x_g + h_g), product)
        o = torch.sigmoid(x_o + h_o + p_o * c)
        h = o * (product("projection", torch.tanh(c)) + x)
        return h, ResLSTMState(h, c)
