"""What describes a cell: its card, and the state of most."""

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from jaxtyping import Float
from torch import Tensor

from zoo.registry import PartCard


@dataclass(frozen=True, kw_only=True)
class Card(PartCard):
    """What a cell's paper says beside its equations; see `PartCard`.

    Attributes:
        family: What it belongs to: "gated"; "gradient", made so that gradients neither vanish nor explode;
            "linear" in its state; "matrix", whose state is one; "continuous" in time; "wrapper" of others.
        claim: What its paper claims of it, in a sentence; a test holds it.
        constraint: Where `Cell.constrain` puts the parameters after each step of an optimiser, or nothing.
        recommended: Options to set where what the cell is used for asks for them, and when; or nothing.
        torch_equivalent: Name of the torch layer with the same equations, if there is one.
        skew: Parameters (H, H) that act by a skew-symmetric matrix alone: by H (H - 1) / 2 numbers.
        linear: Whether the new state is linear in the old one with the spec's default options, so that many
            steps can run at once.
    """

    family: Literal["gated", "gradient", "linear", "matrix", "continuous", "wrapper"] = "gated"
    claim: str = ""
    constraint: str = ""
    recommended: str = ""
    torch_equivalent: str | None = None
    skew: tuple[str, ...] = ()
    linear: bool = False

    @property
    def year(self) -> str:
        """Of the paper."""
        found = re.search(r"\b(?:19|20)\d\d\b", self.paper)
        return found[0] if found else ""


class Hidden(NamedTuple):
    """The state of a cell that carries its hidden vector only."""

    h: Float[Tensor, "B H"]
