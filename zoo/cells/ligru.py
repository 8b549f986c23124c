"""The light gated recurrent unit."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class LiGRUSpec(CellSpec):
    """Options of the light gated recurrent unit: those of every cell."""


@final
@register_cell("ligru", LiGRUSpec)
class LiGRU(Cell):
    r"""The light gated recurrent unit: a GRU without reset gate, whose candidate is rectified.

    Equations::

        z_t = σ(W_z x_t + U_z h_{t-1} + b_z)
        n_t = relu(W_n x_t + U_n h_{t-1} + b_n)
        h_t = z_t ∘ h_{t-1} + (1 - z_t) ∘ n_t

    Rows of the fused weights: z, n. State: h (B, H). Output: h_t.
    Reference: Ravanelli et al., 2018, https://arxiv.org/abs/1803.10225.
    Deviation: the paper normalises W_z x_t and W_n x_t over the batch, which also keeps the rectified state
    from exploding, and has no other biases; here there is no batch normalisation, and there are biases.
    """

    card: ClassVar[Card] = Card(paper="Ravanelli et al., 2018, https://arxiv.org/abs/1803.10225")
    gates: ClassVar[str] = "zn"
    spec: LiGRUSpec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        z, n = (pre + product("zn", h)).chunk(2, dim=-1)
        z = torch.sigmoid(z)
        h = z * h + (1 - z) * candidate(torch.relu(n), product)
        return h, Hidden(h)
