"""The highway wiring."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.wiring.base import Match, Position, Unequal, Wiring, WiringCard, WiringSpec, register_wiring


@final
@dataclass(frozen=True, kw_only=True)
class HighwaySpec(WiringSpec):
    """Options of the highway wiring."""

    carry_bias: float = 1.0
    """How far the gate leans towards carrying x at the start: its bias begins at -carry_bias."""

    unequal: Unequal = "project"
    """Where widths differ: "project" x by a matrix without bias, "pad" it with zeros, or "refuse"."""


@final
@register_wiring("highway", HighwaySpec)
class Highway(Wiring):
    """A learned gate chooses, for each unit and step, between the output and the input.

    Equations::

        t = σ(W_t x + b_t)
        z = t ∘ y + (1 - t) ∘ x

    Unequal widths: see `HighwaySpec.unequal`; with "project", P x takes the place of the carried x.
    Reference: Srivastava et al., 2015, https://arxiv.org/abs/1505.00387.
    """

    card: ClassVar[WiringCard] = WiringCard(
        paper="Srivastava et al., 2015, https://arxiv.org/abs/1505.00387",
        equations="3",
        own_start=("gate.bias",),
        identity="nearly",
    )

    def __init__(self, spec: HighwaySpec, input_size: int, output_size: int, position: Position) -> None:
        super().__init__(spec, input_size, output_size, position)
        self.match = Match(spec.unequal, input_size, output_size)
        self.gate = nn.Linear(input_size, output_size)
        nn.init.constant_(self.gate.bias, -spec.carry_bias)

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        t: Tensor = torch.sigmoid(self.gate(x))
        carried: Tensor = self.match(x)
        return t * y + (1 - t) * carried
