"""Long expressive memory."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class LEMSpec(CellSpec):
    """Options of long expressive memory."""

    dt: float = 1.0
    """Δt: the most that a step moves a state towards its target; at most 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.dt <= 1:
            raise ValueError(f"dt is {self.dt}; expected more than 0 and at most 1")


class LEMState(NamedTuple):
    """State of long expressive memory: what is shown, and what is held behind it."""

    y: Float[Tensor, "B H"]
    z: Float[Tensor, "B H"]


@final
@register_cell("lem", LEMSpec)
class LEM(Cell):
    r"""Long expressive memory: two coupled states, whose pace follows the input and their own past.

    Equations::

        d_t = Δt σ(W_d y_{t-1} + V_d x_t + b_d)
        e_t = Δt σ(W_e y_{t-1} + V_e x_t + b_e)
        z_t = (1 - d_t) ∘ z_{t-1} + d_t ∘ tanh(W_z y_{t-1} + V_z x_t + b_z)
        y_t = (1 - e_t) ∘ y_{t-1} + e_t ∘ tanh(W_y z_t + V_y x_t + b_y)

    Rows of the fused weights: d, e, z, y. State: y, z (B, H). Output: y_t.
    Reference: Rusch et al., 2022, https://arxiv.org/abs/2110.04744, eq. 3, whose Δt_n, Δt̄_n, W_1, W_2 are d,
    e, W_d, W_e here.
    Deviations: weights start by Xavier and orthogonal, where the authors' start uniformly.
    """

    card: ClassVar[Card] = Card(
        paper="Rusch et al., 2022, https://arxiv.org/abs/2110.04744",
        equations="3",
        family="gradient",
        claim="no entry of a state that starts at 0 leaves [-1, 1], nor [-tΔt, tΔt] in t steps",
    )
    gates: ClassVar[str] = "dezy"
    state_type = LEMState
    spec: LEMSpec

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        y, z = state
        x_d, x_e, x_z, x_y = pre.chunk(4, dim=-1)
        y_d, y_e, y_z = product("dez", y).chunk(3, dim=-1)
        d = self.spec.dt * torch.sigmoid(x_d + y_d)
        e = self.spec.dt * torch.sigmoid(x_e + y_e)
        z = (1 - d) * z + d * torch.tanh(x_z + y_z)
        y = (1 - e) * y + e * torch.tanh(x_y + product("y", z))
        return y, LEMState(y, z)
