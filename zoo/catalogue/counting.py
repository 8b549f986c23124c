"""What papers count when they give a number of parameters."""

from collections.abc import Callable, Mapping
from typing import Literal

from zoo.sequence_model import SequenceModel

Counted = Literal["whole model", "skew-symmetric matrices once"]
"""What a number of parameters is of."""


def count(model: SequenceModel, what: Counted = "whole model") -> int:
    """The number of parameters of a model, as papers count them."""
    return COUNTS[what](model)


def _all(model: SequenceModel) -> int:
    """Those that two modules share count once."""
    return sum(parameter.numel() for parameter in model.parameters())


def _with_skew_once(model: SequenceModel) -> int:
    """H (H - 1) / 2 for a skew-symmetric matrix, which is kept in H² numbers; see `Card.skew`."""
    cells = (cell for stack in model.stacks for cell in stack.cells())
    widths = [len(cell.get_parameter(name)) for cell in cells for name in cell.card.skew]
    return _all(model) - sum(width**2 - width * (width - 1) // 2 for width in widths)


COUNTS: Mapping[Counted, Callable[[SequenceModel], int]] = {
    "whole model": _all,
    "skew-symmetric matrices once": _with_skew_once,
}
