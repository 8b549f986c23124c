"""A projection of a layer's outputs."""

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor, nn

from zoo.engines import Recurrence
from zoo.registry import PartCard, check_positive
from zoo.switches.base import Switch, SwitchSpec, register_switch


@final
@dataclass(frozen=True, kw_only=True)
class ProjectionSpec(SwitchSpec):
    """Options of the projection."""

    size: int = 64
    """P, the width of the outputs."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("size", self.size)

    def output_size(self, size: int) -> int:
        return self.size


@final
@register_switch("projection", ProjectionSpec)
class Projection(Switch):
    """The outputs of each direction, brought to another width by a matrix, without a bias.

    Equations::

        y'_t = P y_t

    What a cell feeds back to itself stays as it is; the cell lstmp feeds its projection back.
    `weight` (P, H), by Xavier.
    Reference: Sak et al., 2014, https://arxiv.org/abs/1402.1128 (the non-recurrent projection layer).
    """

    card: ClassVar[PartCard] = PartCard(
        paper="Sak et al., 2014, https://arxiv.org/abs/1402.1128", equations="16"
    )
    spec: ProjectionSpec

    def __init__(self, spec: ProjectionSpec, recurrence: Recurrence) -> None:
        super().__init__(spec, recurrence)
        self.output_size = spec.size
        self.weight = nn.Parameter(recurrence.like.new_empty(spec.size, recurrence.output_size))
        nn.init.xavier_uniform_(self.weight)

    def leave(self, y: Float[Tensor, "T B H"]) -> Float[Tensor, "T B O"]:
        return y @ self.weight.T
