"""The residual wiring."""

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor

from zoo.wiring.base import Match, Position, Unequal, Wiring, WiringCard, WiringSpec, register_wiring


@final
@dataclass(frozen=True, kw_only=True)
class ResidualSpec(WiringSpec):
    """Options of the residual wiring."""

    unequal: Unequal = "project"
    """Where widths differ: "project" x by a matrix without bias, "pad" it with zeros, or "refuse"."""


@final
@register_wiring("residual", ResidualSpec)
class Residual(Wiring):
    """The input is added to the output, so that the gradient has a path that no layer multiplies.

    Equations::

        z = y + x

    Unequal widths: see `ResidualSpec.unequal`; with "project", z = y + P x.
    Reference: He et al., 2016, https://arxiv.org/abs/1512.03385; in recurrent stacks: Wu et al., 2016,
    https://arxiv.org/abs/1609.08144.
    """

    card: ClassVar[WiringCard] = WiringCard(
        paper="He et al., 2016, https://arxiv.org/abs/1512.03385", equations="1"
    )

    def __init__(self, spec: ResidualSpec, input_size: int, output_size: int, position: Position) -> None:
        super().__init__(spec, input_size, output_size, position)
        self.match = Match(spec.unequal, input_size, output_size)

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        carried: Tensor = self.match(x)
        return y + carried
