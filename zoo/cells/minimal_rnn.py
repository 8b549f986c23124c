"""The minimal recurrent network."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class MinimalRNNSpec(CellSpec):
    """Options of the minimal recurrent network: those of every cell."""


@final
@register_cell("minimal_rnn", MinimalRNNSpec)
class MinimalRNN(Cell):
    r"""The minimal recurrent network: a state that never leaves the space of its encoded inputs.

    Equations::

        z_t = tanh(W_z x_t + b_z)
        u_t = σ(V z_t + U_u h_{t-1} + d_u)
        h_t = u_t ∘ h_{t-1} + (1 - u_t) ∘ z_t

    Rows of the fused weights: z; of the recurrent ones and of `bias_hh`: u. `weight_zu` (H, H): V; V z_t is
    taken for all steps at once. State: h (B, H). Output: h_t.
    Reference: Chen, 2017, https://arxiv.org/abs/1711.06788, whose U_z, U_h, b_u are V, U_u, d_u here.
    Deviation: the encoder Φ, which may be any network there, is one layer with tanh, as in its experiments.
    """

    card: ClassVar[Card] = Card(
        paper="Chen, 2017, https://arxiv.org/abs/1711.06788",
        claim="The state stays in the space of the encoded inputs: between their least and greatest values.",
    )
    gates: ClassVar[str] = "z"
    spec: MinimalRNNSpec

    @property
    def recurrent_gates(self) -> str:
        return "u"

    @property
    def recurrent_bias(self) -> str:
        return "u"

    @property
    def vectors(self) -> tuple[Tensor, ...]:
        return ()

    def add_parameters(self) -> None:
        self.weight_zu = nn.Parameter(torch.empty(self.hidden_size, self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.xavier_uniform_(self.weight_zu)

    def project(self, x: Float[Tensor, "... I"]) -> Float[Tensor, "... G"]:
        """z, and V z behind it."""
        z = torch.tanh(super().project(x))
        return torch.cat([z, F.linear(z, self.weight_zu)], dim=-1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        z, z_u = pre.chunk(2, dim=-1)
        u = torch.sigmoid(z_u + product("u", h))
        h = u * h + (1 - u) * z
        return h, Hidden(h)
