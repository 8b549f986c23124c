"""The shortcut-stacked wiring."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.wiring.base import Wiring, WiringCard, WiringSpec, register_wiring


@final
@dataclass(frozen=True, kw_only=True)
class ShortcutSpec(WiringSpec):
    """Options of the shortcut-stacked wiring: none."""


@final
@register_wiring("shortcut", ShortcutSpec)
class Shortcut(Wiring):
    """Each layer reads the inputs and all outputs below; out of the stack comes the last layer's alone.

    Equations::

        z = [x; y]          of the last layer z = y

    Unequal widths: any, since nothing is added; what layers read grows with depth.
    Reference: Nie & Bansal, 2017, https://arxiv.org/abs/1708.02312. It is the `dense` wiring but for what
    comes out of the stack.
    """

    card: ClassVar[WiringCard] = WiringCard(paper="Nie & Bansal, 2017, https://arxiv.org/abs/1708.02312")

    @property
    def output_size(self) -> int:
        return self.layer_size if self.position.is_last else self.input_size + self.layer_size

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        return y if self.position.is_last else torch.cat([x, y], dim=-1)
