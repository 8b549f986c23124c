"""The simple gated unit."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, check_finite, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class SGUSpec(CellSpec):
    """Options of the simple gated unit."""

    slope: float = 0.2
    """Of the hard sigmoid of z: 0.2 as in the paper's framework; torch.nn.Hardsigmoid has 1/6."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_finite("slope", self.slope)
        if self.slope <= 0:
            raise ValueError(f"slope is {self.slope}; expected a positive number")


@final
@register_cell("sgu", SGUSpec)
class SGU(Cell):
    r"""The simple gated unit: input and state are multiplied, and what comes of it gates the state.

    Equations, with s(a) = min(1, max(0, a / 5 + 1/2))::

        y_t = W_g x_t + b_g
        g_t = tanh(U_g (y_t ∘ h_{t-1}) + d_g)
        z_t = s(W_z x_t + U_z h_{t-1} + b_z)
        h_t = (1 - z_t) ∘ h_{t-1} + z_t ∘ softplus(g_t ∘ h_{t-1})

    Rows of the fused weights: g, z. `bias_hh` is d_g. State: h (B, H). Output: h_t.
    Reference: Gao & Glowacka, 2016, https://arxiv.org/abs/1604.02910, whose x_g, z_g and z_out are y, g and
    the softplus here. No deviations.
    """

    card: ClassVar[Card] = Card(
        paper="Gao & Glowacka, 2016, https://arxiv.org/abs/1604.02910",
        claim="What it writes is never negative, so that neither is a state that was not to begin with.",
    )
    gates: ClassVar[str] = "gz"
    spec: SGUSpec

    @property
    def recurrent_bias(self) -> str:
        return "g"

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        y, x_z = pre.chunk(2, dim=-1)
        g = torch.tanh(product("g", y * h))
        z = (self.spec.slope * (x_z + product("z", h)) + 0.5).clamp(0, 1)
        h = (1 - z) * h + z * F.softplus(g * h)
        return h, Hidden(h)
