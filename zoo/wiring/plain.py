"""No wiring: the output goes on alone."""

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor

from zoo.wiring.base import Wiring, WiringCard, WiringSpec, register_wiring


@final
@dataclass(frozen=True, kw_only=True)
class PlainSpec(WiringSpec):
    """Options of the plain wiring: none."""


@final
@register_wiring("plain", PlainSpec)
class Plain(Wiring):
    """The output alone goes on, as in an ordinary stack.

    Equations::

        z = y

    Unequal widths: any, since x is not used.
    Reference: Schmidhuber, 1992, https://doi.org/10.1162/neco.1992.4.2.234 (stacked recurrence).
    """

    card: ClassVar[WiringCard] = WiringCard(
        paper="Schmidhuber, 1992, https://doi.org/10.1162/neco.1992.4.2.234"
    )

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        return y
