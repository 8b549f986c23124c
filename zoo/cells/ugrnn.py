"""The update gate recurrent network."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, candidate, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class UGRNNSpec(CellSpec):
    """Options of the update gate recurrent network."""

    gate_bias: float = 1.0
    """Initial bias of the gate; above 0 more is kept than written at the start."""


@final
@register_cell("ugrnn", UGRNNSpec)
class UGRNN(Cell):
    r"""The update gate recurrent network: a simple recurrent network and one gate, which keeps or overwrites.

    Equations::

        c_t = tanh(W_c x_t + U_c h_{t-1} + b_c)
        g_t = σ(W_g x_t + U_g h_{t-1} + b_g)
        h_t = g_t ∘ h_{t-1} + (1 - g_t) ∘ c_t

    Rows of the fused weights: c, g. State: h (B, H). Output: h_t.
    Reference: Collins et al., 2016, https://arxiv.org/abs/1611.09913, section on the UGRNN.
    Deviations: of the paper's choices of a non-linearity it is tanh here; b_g is one bias, which starts at
    `gate_bias`, 1 as in the authors' TensorFlow cell, where the paper adds a constant that it tunes.
    """

    card: ClassVar[Card] = Card(paper="Collins et al., 2016, https://arxiv.org/abs/1611.09913")
    gates: ClassVar[str] = "cg"
    spec: UGRNNSpec

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.bias is not None:
            nn.init.constant_(self.bias[self.rows("g")], self.spec.gate_bias)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        c, g = (pre + product("cg", h)).chunk(2, dim=-1)
        c, g = candidate(torch.tanh(c), product), torch.sigmoid(g)
        h = g * h + (1 - g) * c
        return h, Hidden(h)
