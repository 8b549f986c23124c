"""The LSTM whose memory is an LSTM."""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class NestedLSTMSpec(CellSpec):
    """Options of the nested LSTM."""

    candidate: Literal["identity", "tanh"] = "identity"
    """What the outer candidate passes through before the inner LSTM reads it; the paper's is the identity."""

    forget_bias: float = 1.0
    """Initial bias of both forget gates; 1 keeps the memory open at the start (Jozefowicz et al., 2015)."""


class NestedLSTMState(NamedTuple):
    """State of the nested LSTM: hidden state, outer memory, and inner memory."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]
    d: Float[Tensor, "B H"]


@final
@register_cell("nested_lstm", NestedLSTMSpec)
class NestedLSTM(Cell):
    r"""An LSTM that writes its memory by another LSTM, whose own memory lasts longer.

    Equations::

        i_t = σ(W_i x_t + U_i h_{t-1} + b_i)
        f_t = σ(W_f x_t + U_f h_{t-1} + b_f)
        g_t = W_g x_t + U_g h_{t-1} + b_g
        o_t = σ(W_o x_t + U_o h_{t-1} + b_o)
        (c_t, d_t) = LSTM(i_t ∘ g_t, (f_t ∘ c_{t-1}, d_{t-1}))
        h_t = o_t ∘ tanh(c_t)

    where the LSTM inside has weights of its own, c for its hidden and d for its cell state.
    Rows of the fused weights: i, f, g, o; so are those of the LSTM inside, `inner_ih`, `inner_hh` (4H, H) and
    `inner_bias` (4H,). State: h, c, d (B, H). Output: h_t.
    Reference: Moniz & Krueger, 2017, https://arxiv.org/abs/1801.10308, whose h̃, x̃ and c̃ are f∘c, i∘g and d.
    Deviation: b_f, inside and outside, starts at `forget_bias`.
    """

    card: ClassVar[Card] = Card(
        paper="Moniz & Krueger, 2017, https://arxiv.org/abs/1801.10308",
        claim="With its output shut the inner memory goes on without an outer one.",
    )
    gates: ClassVar[str] = "ifgo"
    state_type = NestedLSTMState
    products: ClassVar[dict[str, str]] = {"inner x": "inner_ih", "inner h": "inner_hh"}
    spec: NestedLSTMSpec
    inner_bias: Tensor | None

    def add_parameters(self) -> None:
        width = self.hidden_size
        self.inner_ih = nn.Parameter(torch.empty(4 * width, width))
        self.inner_hh = nn.Parameter(torch.empty(4 * width, width))
        self.register_parameter(
            "inner_bias", nn.Parameter(torch.empty(4 * width)) if self.spec.bias else None
        )

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        for gate in self.gates:
            nn.init.xavier_uniform_(self.inner_ih[self.rows(gate)])
            nn.init.orthogonal_(self.inner_hh[self.rows(gate)])
        for bias in (self.bias, self.inner_bias):
            if bias is not None:
                nn.init.zeros_(bias)
                nn.init.constant_(bias[self.rows("f")], self.spec.forget_bias)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c, d = state
        i, f, g, o = (pre + product("ifgo", h)).chunk(4, dim=-1)
        g = torch.tanh(g) if self.spec.candidate == "tanh" else g
        inner = product("inner x", torch.sigmoid(i) * g) + product("inner h", torch.sigmoid(f) * c)
        if self.inner_bias is not None:
            inner = inner + self.inner_bias
        inner_i, inner_f, inner_g, inner_o = inner.chunk(4, dim=-1)
        d = torch.sigmoid(inner_f) * d + torch.sigmoid(inner_i) * torch.tanh(inner_g)
        c = torch.sigmoid(inner_o) * torch.tanh(d)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, NestedLSTMState(h, c, d)
