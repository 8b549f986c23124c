"""The dilated network."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import (
    Card,
    Cell,
    CellSpec,
    Hidden,
    Product,
    State,
    candidate,
    check_positive,
    register_cell,
)


@final
@dataclass(frozen=True, kw_only=True)
class DilatedSpec(CellSpec):
    """Options of the dilated network."""

    dilation: int = 2
    """d: how many steps back a step looks; layers one above the other double it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("dilation", self.dilation)


@final
@register_cell("dilated", DilatedSpec)
class Dilated(Cell):
    r"""The dilated network: a GRU that looks d steps back, so that its way through time is d times shorter.

    Equations::

        r_t = σ(W_r x_t + U_r h_{t-d} + b_r)
        z_t = σ(W_z x_t + U_z h_{t-d} + b_z)
        n_t = tanh(W_n x_t + U_n (r_t ∘ h_{t-d}) + b_n)
        h_t = (1 - z_t) ∘ h_{t-d} + z_t ∘ n_t

    Rows of the fused weights: r, z, n. State: h (B, dH), which is [h_t; h_{t-1}; ..; h_{t-d+1}]. Output: h_t.
    Reference: Chang et al., 2017, https://arxiv.org/abs/1710.02224, section 2, with the GRU of Chung et al.,
    2014, https://arxiv.org/abs/1412.3555, as its cell; dilations that double from layer to layer are a
    stack's: {cell: [{name: dilated, dilation: 1}, {name: dilated, dilation: 2}, ..]}.
    Deviations: none; the paper takes simple networks and LSTMs as cells, too.
    """

    card: ClassVar[Card] = Card(
        paper="Chang et al., 2017, https://arxiv.org/abs/1710.02224",
        family="gradient",
        claim="a state depends on those d, 2d, 3d, .. steps before it, and on no other",
    )
    gates: ClassVar[str] = "rzn"
    spec: DilatedSpec

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return (self.spec.dilation * self.hidden_size,)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (past,) = state
        *newer, h = past.chunk(self.spec.dilation, dim=-1)
        x_r, x_z, x_n = pre.chunk(3, dim=-1)
        h_r, h_z = product("rz", h).chunk(2, dim=-1)
        r = torch.sigmoid(x_r + h_r)
        z = torch.sigmoid(x_z + h_z)
        n = candidate(torch.tanh(x_n + product("n", r * h)), product)
        h = (1 - z) * h + z * n
        past = torch.cat([h, *newer], dim=-1)
        return past.chunk(self.spec.dilation, dim=-1)[0], Hidden(past)
