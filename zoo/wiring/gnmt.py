"""The wiring of Google's translation system."""

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor

from zoo.registry import check_positive
from zoo.wiring.base import Match, Position, Unequal, Wiring, WiringCard, WiringSpec, register_wiring


@final
@dataclass(frozen=True, kw_only=True)
class GNMTSpec(WiringSpec):
    """Options of the wiring of Google's translation system."""

    first: int = 3
    """The first layer with a residual connection, counted from 1 at the inputs."""

    unequal: Unequal = "project"
    """Where widths differ: "project" x by a matrix without bias, "pad" it with zeros, or "refuse"."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("first", self.first)


@final
@register_wiring("gnmt", GNMTSpec)
class GNMT(Wiring):
    """Residual connections from a layer on: plain below it, where widths change.

    Equations::

        z = y               of the layers below `GNMTSpec.first`
        z = y + x           from it on

    As in the paper the third layer is the first with a residual connection, and the first layer is what reads
    the inputs: of its encoder the one that reads both ways (`direction: [bidirectional, forward, ...]`).
    Unequal widths: any below `first`; from it on see `GNMTSpec.unequal`: with "project", z = y + P x.
    Reference: Wu et al., 2016, https://arxiv.org/abs/1609.08144.
    """

    card: ClassVar[WiringCard] = WiringCard(paper="Wu et al., 2016, https://arxiv.org/abs/1609.08144")

    def __init__(self, spec: GNMTSpec, input_size: int, output_size: int, position: Position) -> None:
        super().__init__(spec, input_size, output_size, position)
        carries = position.index + 1 >= spec.first
        self.match = Match(spec.unequal, input_size, output_size) if carries else None

    def forward(self, x: Float[Tensor, "... I"], y: Float[Tensor, "... H"]) -> Float[Tensor, "... O"]:
        if self.match is None:
            return y
        carried: Tensor = self.match(x)
        return y + carried
