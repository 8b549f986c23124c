"""What describes a cell: its card, and the state of most."""

from dataclasses import dataclass
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from zoo.registry import PartCard


@dataclass(frozen=True, kw_only=True)
class Card(PartCard):
    """What a cell's paper says beside its equations; see `PartCard`.

    Attributes:
        torch_equivalent: Name of the torch layer with the same equations, if there is one.
        linear: Whether the new state is linear in the old one with the spec's default options, so that a
            parallel scan can run it.
    """

    torch_equivalent: str | None = None
    linear: bool = False


class Hidden(NamedTuple):
    """The state of a cell that carries its hidden vector only."""

    h: Float[Tensor, "B H"]
