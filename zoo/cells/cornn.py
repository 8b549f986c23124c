"""The coupled oscillatory network."""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class CoRNNSpec(CellSpec):
    """Options of the coupled oscillatory network."""

    dt: float = 0.1
    """Δt: how much time a step takes."""

    gamma: float = 1.0
    """γ: how strongly a unit is drawn back to 0, the square of its frequency."""

    epsilon: float = 1.0
    """ε: how strongly its velocity is damped."""

    damping: Literal["explicit", "implicit"] = "explicit"
    """Whether the velocity before the step is damped (the authors' code), or that after it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("dt", "gamma", "epsilon"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; expected more than 0")


class CoRNNState(NamedTuple):
    """State of the coupled oscillatory network: where each unit is, and how fast it moves."""

    y: Float[Tensor, "B H"]
    z: Float[Tensor, "B H"]


@final
@register_cell("cornn", CoRNNSpec)
class CoRNN(Cell):
    r"""The coupled oscillatory network: units are damped, driven oscillators, whose states stay bounded.

    Equations, n the step before with damping "explicit" and this one with "implicit"::

        a_t = tanh(W y_{t-1} + V z_{t-1} + U x_t + b)
        z_t = z_{t-1} + Δt (a_t - γ y_{t-1} - ε z_n)
        y_t = y_{t-1} + Δt z_t

    Rows of the fused weights: a, for U and W. `weight_z` (H, H): V. State: y, z (B, H). Output: y_t.
    Reference: Rusch & Mishra, 2021, https://arxiv.org/abs/2010.00951, eq. 3, whose W, 𝒲, V, u are W, V, U,
    x here.
    Deviations: Δt, γ and ε have defaults, where the paper tunes them for each task; W and V start orthogonal.
    """

    card: ClassVar[Card] = Card(
        paper="Rusch & Mishra, 2021, https://arxiv.org/abs/2010.00951",
        equations="3",
        family="gradient",
        claim="with γ = ε = 1, implicit damping and Δt <= 1, |y|² + |z|² <= H t Δt after t steps",
        recommended="dt: 1 for ten steps or so, less for more",
    )
    gates: ClassVar[str] = "a"
    state_type = CoRNNState
    products: ClassVar[dict[str, str]] = {"z": "weight_z"}
    spec: CoRNNSpec

    def add_parameters(self) -> None:
        self.weight_z = nn.Parameter(torch.empty(self.hidden_size, self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.orthogonal_(self.weight_z)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        y, z = state
        dt, gamma, epsilon = self.spec.dt, self.spec.gamma, self.spec.epsilon
        a = torch.tanh(pre + product("a", y) + product("z", z))
        if self.spec.damping == "explicit":
            z = z + dt * (a - gamma * y - epsilon * z)
        else:
            z = (z + dt * (a - gamma * y)) / (1 + dt * epsilon)
        y = y + dt * z
        return y, CoRNNState(y, z)
