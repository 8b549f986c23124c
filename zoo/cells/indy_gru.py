"""The GRU whose units are independent of one another."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class IndyGRUSpec(CellSpec):
    """Options of the IndyGRU."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("a vector of recurrent weights for each gate")


@final
@register_cell("indy_gru", IndyGRUSpec)
class IndyGRU(Cell):
    r"""A GRU whose recurrent matrices are diagonal, so that a unit sees its own past only, at little cost.

    Equations::

        r_t = σ(W_r x_t + u_r ∘ h_{t-1} + b_r)
        z_t = σ(W_z x_t + u_z ∘ h_{t-1} + b_z)
        n_t = tanh(W_n x_t + u_n ∘ (r_t ∘ h_{t-1}) + b_n)
        h_t = z_t ∘ h_{t-1} + (1 - z_t) ∘ n_t

    Rows of the fused weights: r, z, n; no recurrent matrix. `diagonal` (3H,): u of r, z, n. State: h (B, H).
    Output: h_t.
    Reference: Gonnet & Deselaers, 2019, https://arxiv.org/abs/1903.08023, who make an LSTM so.
    Deviations: it is a GRU (Cho et al., 2014, https://arxiv.org/abs/1406.1078); u starts uniformly between -1
    and 1.
    """

    card: ClassVar[Card] = Card(
        paper="Gonnet & Deselaers, 2019, https://arxiv.org/abs/1903.08023",
        claim="The state of a unit depends on no other unit's.",
        no_decay=("diagonal",),
        own_start=("diagonal",),
    )
    gates: ClassVar[str] = "rzn"
    spec: IndyGRUSpec

    @property
    def recurrent_gates(self) -> str:
        return ""

    def add_parameters(self) -> None:
        self.diagonal = nn.Parameter(torch.empty(3 * self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.uniform_(self.diagonal, -1, 1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_r, x_z, x_n = pre.chunk(3, dim=-1)
        u_r, u_z, u_n = self.diagonal.chunk(3, dim=-1)
        r, z = torch.sigmoid(x_r + u_r * h), torch.sigmoid(x_z + u_z * h)
        n = candidate(torch.tanh(x_n + u_n * (r * h)), product)
        h = z * h + (1 - z) * n
        return h, Hidden(h)
