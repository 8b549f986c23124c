"""The stackable recurrent cell."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class STARSpec(CellSpec):
    """Options of the stackable recurrent cell: those of every cell."""


@final
@register_cell("star", STARSpec)
class STAR(Cell):
    r"""The stackable recurrent cell: one gate, laid out so that gradients keep their size across many layers.

    Equations::

        z_t = tanh(W_z x_t + b_z)
        k_t = σ(W_k x_t + U_k h_{t-1} + b_k)
        h_t = tanh((1 - k_t) ∘ h_{t-1} + k_t ∘ z_t)

    Rows of the fused weights: z, k; of the recurrent ones: k. State: h (B, H). Output: h_t.
    Reference: Turkoglu et al., 2019, https://arxiv.org/abs/1911.11033, whose W_x, W_h are W_k, U_k here.
    Deviation: b_k starts at 0.
    """

    card: ClassVar[Card] = Card(
        paper="Turkoglu et al., 2019, https://arxiv.org/abs/1911.11033",
        claim="Gradients vanish more slowly down a deep stack than those of an LSTM.",
    )
    gates: ClassVar[str] = "zk"
    spec: STARSpec

    @property
    def recurrent_gates(self) -> str:
        return "k"

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        z, k = pre.chunk(2, dim=-1)
        z, k = candidate(torch.tanh(z), product), torch.sigmoid(k + product("k", h))
        h = torch.tanh((1 - k) * h + k * z)
        return h, Hidden(h)
