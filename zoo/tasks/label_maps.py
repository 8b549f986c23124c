"""Maps of labels over time, such as piano rolls."""

import torch
from jaxtyping import Float, Real
from torch import Tensor

from zoo.tasks.answers import Map

ABSENT, RIGHT, MISSED, WRONG = range(4)
KINDS = ("absent, as said", "right", "missed", "said wrongly")
MARGIN = 2
"""Labels that are shown above and below those that occur."""


def label_maps(
    true: Real[Tensor, "T C"], shares: Float[Tensor, "T C"], names: list[str], called: str
) -> list[Map]:
    """The truth, the probabilities, and where they differ; the labels that occur, the last at the top.

    Args:
        true: 1 where a label holds.
        shares: How likely each is held.
        names: Of all C labels.
        called: Which example it is.
    """
    holds, said = true > 0.5, shares > 0.5
    kept = _kept((holds | said).any(0))
    kinds = torch.full(holds.shape, ABSENT, device=holds.device)
    kinds[holds & said], kinds[holds & ~said], kinds[~holds & said] = RIGHT, MISSED, WRONG
    values = {"Truth": holds.float(), "Probabilities": shares, "Where they differ": kinds.float()}
    return [
        Map(
            panel=panel,
            view=called,
            across="step",
            up="label",
            columns=[str(step) for step in range(1, 1 + len(true))],
            rows=names[kept][::-1],
            values=table[:, kept].T.flip(0),
            kinds=KINDS if panel == "Where they differ" else (),
        )
        for panel, table in values.items()
    ]


def _kept(occurs: Tensor) -> slice:
    """The labels (C,) from the first that occurs to the last, and a few around them; all where none does."""
    where = occurs.nonzero().flatten().tolist() or [0, len(occurs) - 1]
    return slice(max(where[0] - MARGIN, 0), where[-1] + MARGIN + 1)
