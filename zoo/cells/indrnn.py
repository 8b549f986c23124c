"""The independently recurrent network."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.cells.base import Card, Cell, CellSpec, Hidden, Product, State, check_positive, register_cell


@final
@dataclass(frozen=True, kw_only=True)
class IndRNNSpec(CellSpec):
    """Options of the independently recurrent network."""

    activation: Literal["relu", "tanh"] = "relu"
    """σ of the equation."""

    longest: int | None = None
    """Steps over which a unit's gradient may grow to 2, so that |u| stays at or below 2^(1/longest); None
    leaves u free."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_recurrent_init("no matrix between its states")
        if self.longest is not None:
            check_positive("longest", self.longest)

    @property
    def bound(self) -> float:
        """The largest |u|, or infinity."""
        return float("inf") if self.longest is None else 2 ** (1 / self.longest)


@final
@register_cell("indrnn", IndRNNSpec)
class IndRNN(Cell):
    r"""The independently recurrent network: each unit remembers only itself, so that its memory can be set.

    Equations::

        h_t = σ(W x_t + u ∘ h_{t-1} + b)

    Rows of the fused weights: h. `u` (H,). State: h (B, H). Output: h_t.
    With `longest` T the gradient through an active unit grows at most to 2 over T steps: |u| <= 2^(1/T),
    restored after each step of an optimiser (section 3.1, γ = 2 as in the authors' code). u starts uniformly
    between 0 and that bound, or 1.
    Reference: Li et al., 2018, https://arxiv.org/abs/1803.04831, section 3.
    Deviations: the paper lets u of the last layer start near its bound, and of the others between 0 and it;
    here all layers start as the others. W starts by Xavier.
    """

    card: ClassVar[Card] = Card(
        paper="Li et al., 2018, https://arxiv.org/abs/1803.04831",
        family="gradient",
        claim="the gradient of an active unit over t steps is u^t",
        constraint="|u| <= 2^(1/longest)",
        no_decay=("u",),
        own_start=("u",),
        recommended="longest: the number of steps of a sequence",
    )
    gates: ClassVar[str] = "h"
    spec: IndRNNSpec

    @property
    def recurrent_gates(self) -> str:
        return ""

    def add_parameters(self) -> None:
        self.u = nn.Parameter(torch.empty(self.hidden_size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        super().reset_parameters()
        self.u.uniform_(0, 1 if self.spec.longest is None else self.spec.bound)

    @torch.no_grad()
    def constrain(self) -> None:
        self.u.clamp_(-self.spec.bound, self.spec.bound)

    def step(self, pre: Float[Tensor, "B G"], state: State, product: Product) -> tuple[Tensor, State]:
        (h,) = state
        activation = torch.relu if self.spec.activation == "relu" else torch.tanh
        h = activation(pre + self.u * h)
        return h, Hidden(h)
