"""The gated recurrent unit with delayed feedback."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, check_positive, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class TauGRUSpec(CellSpec):
    """Options of the gated recurrent unit with delayed feedback."""

    delay: int = 5
    """d: how many steps the delayed feedback is older than the state before the step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("delay", self.delay)


@final
@register_cell("tau_gru", TauGRUSpec)
class TauGRU(Cell):
    r"""A gated unit that also sees its state of some time ago, which short-cuts the way of gradients.

    Equations::

        u_t = tanh(W_u h_{t-1} + U_u x_t + b_u)
        z_t = tanh(W_z h_{t-1-d} + U_z x_t + b_z)
        g_t = σ(W_g h_{t-1} + U_g x_t + b_g)
        a_t = σ(W_a h_{t-1} + U_a x_t + b_a)
        h_t = (1 - g_t) ∘ h_{t-1} + g_t ∘ (u_t + a_t ∘ z_t)

    Rows of the fused weights: u, g, a, z. State: h (B, (d+1)H), which is [h_t; h_{t-1}; ..; h_{t-d}]. Output:
    h_t.
    Reference: Erichson et al., 2022, https://arxiv.org/abs/2212.00228, whose W_1 to W_4 are those of u, z, g,
    a here.
    Deviations: weights start by Xavier and orthogonal; biases are added; before the first step all states
    were 0, or what the stack's initial state says.
    """

    card: ClassVar[Card] = Card(
        paper="Erichson et al., 2022, https://arxiv.org/abs/2212.00228",
        family="gradient",
        claim="a state is reached from that d + 1 steps before it in one step, too",
    )
    gates: ClassVar[str] = "ugaz"
    spec: TauGRUSpec

    @property
    def state_sizes(self) -> tuple[int, ...]:
        return ((self.spec.delay + 1) * self.hidden_size,)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (past,) = state
        h, *newer, delayed = past.chunk(self.spec.delay + 1, dim=-1)
        x_u, x_g, x_a, x_z = pre.chunk(4, dim=-1)
        h_u, h_g, h_a = product("uga", h).chunk(3, dim=-1)
        u = torch.tanh(x_u + h_u)
        z = torch.tanh(x_z + product("z", delayed))
        g = torch.sigmoid(x_g + h_g)
        a = torch.sigmoid(x_a + h_a)
        new = (1 - g) * h + g * (u + a * z)
        past = torch.cat([new, h, *newer], dim=-1)
        return past.chunk(self.spec.delay + 1, dim=-1)[0], Hidden(past)
