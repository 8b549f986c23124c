"""The undamped independent controlled oscillatory network."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Product, State, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class UnICORNNSpec(CellSpec):
    """Options of the undamped independent controlled oscillatory network."""

    dt: float = 0.1
    """Δt: the most time that a step takes."""

    alpha: float = 1.0
    """α: how strongly a unit is drawn back to 0."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no matrix between its states")
        if self.dt <= 0:
            raise ValueError(f"dt is {self.dt}; expected more than 0")
        if self.alpha < 0:
            raise ValueError(f"alpha is {self.alpha}; expected 0 or more")


class UnICORNNState(NamedTuple):
    """State of the undamped oscillatory network: where each unit is, and how fast it moves."""

    y: Float[Tensor, "B H"]
    z: Float[Tensor, "B H"]


@final
@register_cell("unicornn", UnICORNNSpec)
class UnICORNN(Cell):
    r"""Undamped oscillators, each alone with a pace of its own, integrated so that nothing of them is lost.

    Equations::

        z_t = z_{t-1} - Δt σ(c) ∘ (tanh(w ∘ y_{t-1} + V x_t + b) + α y_{t-1})
        y_t = y_{t-1} + Δt σ(c) ∘ z_t

    Rows of the fused weights: a, for V. `w`, `c` (H,). State: y, z (B, H). Output: y_t.
    w starts uniformly in [0, 1], c in [-0.1, 0.1], as in the authors' code.
    Reference: Rusch & Mishra, 2021, https://arxiv.org/abs/2103.05487; layers are stacked, and the
    residual connections of deep ones made, by the stack.
    Deviations: V starts by Xavier, where the authors' starts by He; Δt and α have defaults.
    """

    card: ClassVar[Card] = Card(
        paper="Rusch & Mishra, 2021, https://arxiv.org/abs/2103.05487",
        family="gradient",
        claim="a step is a Hamiltonian system's: it keeps areas of (y, z) and can be taken back",
        no_decay=("w", "c"),
        own_start=("w", "c"),
        recommended="dt: 1 for ten steps or so, less for more",
    )
    gates: ClassVar[str] = "a"
    state_type = UnICORNNState
    spec: UnICORNNSpec

    @property
    def recurrent_gates(self) -> str:
        return ""

    def add_parameters(self) -> None:
        self.w = nn.Parameter(torch.empty(self.hidden_size))
        self.c = nn.Parameter(torch.empty(self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        self.w.uniform_(0, 1)
        self.c.uniform_(-0.1, 0.1)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        y, z = state
        pace = self.spec.dt * torch.sigmoid(self.c)
        z = z - pace * (torch.tanh(self.w * y + pre) + self.spec.alpha * y)
        y = y + pace * z
        return y, UnICORNNState(y, z)
