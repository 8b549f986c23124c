"""What a part's paper says beside its equations."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PartCard:
    """Where a part comes from, and how its parameters want to be treated.

    Attributes:
        paper: Authors, year and address.
        equations: Where in the paper the equations stand.
        no_decay: Parameters that weight decay must leave alone.
        own_start: Parameters whose first values are part of what it is, so that a model's `init_range` leaves
            them.
    """

    paper: str
    equations: str = ""
    no_decay: tuple[str, ...] = ()
    own_start: tuple[str, ...] = ()
