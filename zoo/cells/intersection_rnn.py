"""The intersection recurrent network."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, CellSpec, Hidden, Product, SkipCell, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class IntersectionRNNSpec(CellSpec):
    """Options of the intersection recurrent network."""

    gate_bias: float = 1.0
    """Initial bias of both gates; above 0 more passes, in time and in depth, than is written at first."""


@final
@register_cell("intersection_rnn", IntersectionRNNSpec)
class IntersectionRNN(SkipCell):
    r"""The intersection recurrent network, +RNN: a gated way through time and another one through depth.

    Equations, with x̂_t = x_t where I = H, and W_s x_t (`weight_skip`) elsewhere::

        y_t = relu(W_y x_t + U_y h_{t-1} + b_y)
        n_t = tanh(W_n x_t + U_n h_{t-1} + b_n)
        d_t = σ(W_d x_t + U_d h_{t-1} + b_d)
        g_t = σ(W_g x_t + U_g h_{t-1} + b_g)
        output = d_t ∘ x̂_t + (1 - d_t) ∘ y_t
        h_t = g_t ∘ h_{t-1} + (1 - g_t) ∘ n_t

    Rows of the fused weights: y, n, d, g. State: h (B, H). Output: as above, (B, H).
    Reference: Collins et al., 2016, https://arxiv.org/abs/1611.09913, section on the +RNN, whose y^in, h^in,
    g^y, g^h, y_t are y, n, d, g and the output here.
    Deviations: W_s, as inputs may have another width; b_d and b_g are one bias each, which starts at
    `gate_bias`, 1 as in the authors' TensorFlow cell, where the paper adds constants that it tunes.
    """

    card: ClassVar[Card] = Card(paper="Collins et al., 2016, https://arxiv.org/abs/1611.09913")
    gates: ClassVar[str] = "yndg"
    spec: IntersectionRNNSpec

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        if self.bias is not None:
            nn.init.constant_(self.bias[self.rows("dg")], self.spec.gate_bias)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        x_y, x_n, x_d, x_g, x = pre.chunk(5, dim=-1)
        h_y, h_n, h_d, h_g = product("yndg", h).chunk(4, dim=-1)
        y, n = torch.relu(x_y + h_y), torch.tanh(x_n + h_n)
        d, g = torch.sigmoid(x_d + h_d), torch.sigmoid(x_g + h_g)
        output = d * x + (1 - d) * y
        h = g * h + (1 - g) * n
        return output, Hidden(h)
