"""The mass-conserving LSTM."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class MCLSTMSpec(CellSpec):
    """Options of the mass-conserving LSTM."""

    output_bias: float = -3.0
    """Initial bias of the output gate; -3 keeps what comes in at the start."""


class MCLSTMState(NamedTuple):
    """State of the mass-conserving LSTM: the mass that each unit holds."""

    c: Float[Tensor, "B H"]


@final
@register_cell("mc_lstm", MCLSTMSpec)
class MCLSTM(Cell):
    r"""The mass-conserving LSTM: what comes in is stored, moved or let out, and never made or lost.

    Equations, x the first entry of the input and a the others, s = c_{t-1} / |c_{t-1}|_1, or 0 for c = 0::

        i_t = softmax(W_i a_t + U_i s + b_i)
        o_t = σ(W_o a_t + U_o s + b_o)
        R   = softmax(B) of each column
        m_t = R c_{t-1} + i_t x_t
        c_t = (1 - o_t) ∘ m_t
        h_t = o_t ∘ m_t

    Rows of the fused input weights: i, o, which have a column less than the input; of the recurrent ones: i,
    o, r, the last for B. State: c (B, H). Output: h_t, the mass that is let out.
    Reference: Hoedt et al., 2021, https://arxiv.org/abs/2101.05186, with the redistribution that is the same
    at all steps.
    Deviations: one mass input; W_i, W_o start by Xavier, B and b_o as in the authors' code, at the identity
    and at `output_bias`.
    """

    card: ClassVar[Card] = Card(
        paper="Hoedt et al., 2021, https://arxiv.org/abs/2101.05186",
        claim="the mass that has come in is what is held and what was let out",
        own_start=("bias",),
    )
    gates: ClassVar[str] = "io"
    state_type = MCLSTMState
    spec: MCLSTMSpec

    @property
    def recurrent_gates(self) -> str:
        return "ior"

    def add_parameters(self) -> None:
        self.weight_ih = nn.Parameter(torch.empty(2 * self.hidden_size, self.input_size - 1))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.eye_(super().recurrent_weight("r"))
        if self.bias is not None:
            nn.init.constant_(self.bias[self.rows("o")], self.spec.output_bias)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... P"]:
        """The input products of both gates, and the mass beside them, once for each unit."""
        mass, a = x[..., :1], x[..., 1:]
        gates = F.linear(a, self.weight_ih, self.bias)
        return torch.cat([gates, mass.expand(*mass.shape[:-1], self.hidden_size)], dim=-1)

    def recurrent_weight(self, gates: str) -> Tensor:
        """U_i and U_o as they are, and R."""
        rows = super().recurrent_weight(gates)
        return torch.softmax(rows, dim=0) if gates == "r" else rows

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (c,) = state
        i, o, x = pre.chunk(3, dim=-1)
        total = torch.abs(c).sum(dim=-1, keepdim=True)
        s = c / torch.where(total == 0, 1.0, total)
        s_i, s_o = product("io", s).chunk(2, dim=-1)
        i = torch.softmax(i + s_i, dim=-1)
        o = torch.sigmoid(o + s_o)
        m = product("r", c) + i * x
        c = (1 - o) * m
        return o * m, MCLSTMState(c)
