"""The LSTM whose units are independent of one another."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, ForgetSpec, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class IndyLSTMSpec(ForgetSpec):
    """Options of the IndyLSTM."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("a vector of recurrent weights for each gate")


class IndyLSTMState(NamedTuple):
    """State of the IndyLSTM: hidden and cell state."""

    h: Float[Tensor, "B H"]
    c: Float[Tensor, "B H"]


@final
@register_cell("indy_lstm", IndyLSTMSpec)
class IndyLSTM(Cell):
    r"""An LSTM whose recurrent matrices are diagonal, so that a unit sees its own past only, at little cost.

    Equations::

        i_t = σ(W_i x_t + u_i ∘ h_{t-1} + b_i)
        f_t = σ(W_f x_t + u_f ∘ h_{t-1} + b_f)
        g_t = tanh(W_g x_t + u_g ∘ h_{t-1} + b_g)
        o_t = σ(W_o x_t + u_o ∘ h_{t-1} + b_o)
        c_t = f_t ∘ c_{t-1} + i_t ∘ g_t
        h_t = o_t ∘ tanh(c_t)

    Rows of the fused weights: i, f, g, o; no recurrent matrix. `diagonal` (4H,): u of i, f, g, o. State: h, c
    (B, H). Output: h_t.
    Reference: Gonnet & Deselaers, 2019, https://arxiv.org/abs/1903.08023.
    Deviations: u starts uniformly between -1 and 1, and b_f at `forget_bias`.
    """

    card: ClassVar[Card] = Card(
        paper="Gonnet & Deselaers, 2019, https://arxiv.org/abs/1903.08023",
        claim="The state of a unit depends on no other unit's.",
        no_decay=("diagonal",),
        own_start=("diagonal",),
    )
    gates: ClassVar[str] = "ifgo"
    state_type = IndyLSTMState
    spec: IndyLSTMSpec

    @property
    def recurrent_gates(self) -> str:
        return ""

    def add_parameters(self) -> None:
        self.diagonal = nn.Parameter(torch.empty(4 * self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.uniform_(self.diagonal, -1, 1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        h, c = state
        i, f, g, o = (pre + self.diagonal * torch.cat([h] * 4, dim=-1)).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * candidate(torch.tanh(g), product)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, IndyLSTMState(h, c)
