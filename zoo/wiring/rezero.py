"""The ReZero wiring."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from zoo.wiring.base import Match, Position, Unequal, Wiring, WiringCard, WiringSpec, register_wiring


@final
@dataclass(frozen=True, kw_only=True)
class ReZeroSpec(WiringSpec):
    """Options of the ReZero wiring."""

    unequal: Unequal = "project"
    """Where widths differ: "project" x by a matrix without bias, "pad" it with zeros, or "refuse"."""


@final
@register_wiring("rezero", ReZeroSpec)
class ReZero(Wiring):
    """Each layer is weighed by one number, which starts at 0: the stack starts as the identity.

    Equations::

        z = x + α y

    α is learned, one for each layer. While it is 0 the layer itself receives no gradient.
    Unequal widths: see `ReZeroSpec.unequal`; with "project", z = P x + α y, which is no identity.
    Reference: Bachlechner et al., 2020, https://arxiv.org/abs/2003.04887.
    """

    card: ClassVar[WiringCard] = WiringCard(
        paper="Bachlechner et al., 2020, https://arxiv.org/abs/2003.04887",
        no_decay=("alpha",),
        own_start=("alpha",),
        identity="yes",
    )

    def __init__(self, spec: ReZeroSpec, input_size: int, output_size: int, position: Position) -> None:
        super().__init__(spec, input_size, output_size, position)
        self.match = Match(spec.unequal, input_size, output_size)
        self.alpha = nn.Parameter(torch.zeros(1))

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        carried: Tensor = self.match(x)
        return carried + self.alpha * y
