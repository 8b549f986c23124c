"""The dense wiring."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.wiring.base import Wiring, WiringCard, WiringSpec, register_wiring


@final
@dataclass(frozen=True, kw_only=True)
class DenseSpec(WiringSpec):
    """Options of the dense wiring: none."""


@final
@register_wiring("dense", DenseSpec)
class Dense(Wiring):
    """Input and output go on side by side, so that each layer sees everything before it.

    Equations::

        z = [x; y]

    Unequal widths: any, since nothing is added; widths grow with depth.
    Reference: Huang et al., 2017, https://arxiv.org/abs/1608.06993; for bidirectional LSTMs: Ding et al.,
    2018, https://arxiv.org/abs/1802.00889.
    """

    card: ClassVar[WiringCard] = WiringCard(
        paper="Huang et al., 2017, https://arxiv.org/abs/1608.06993", equations="2"
    )

    @property
    def output_size(self) -> int:
        return self.input_size + self.layer_size

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        return torch.cat([x, y], dim=-1)
