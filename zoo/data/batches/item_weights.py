"""What each training item counts: numbers from 0 that are not all 0."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

EXPECTED = "expected a number of at least 0 for each item"


def as_weight(value: Any) -> float | None:
    """The weight that a value is; None where it is none: no number, NaN, infinite or negative."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def training_weights(weights: Sequence[float], place: str) -> Tensor:
    """The weights of training items (N,).

    Args:
        weights: One for each.
        place: Where they are from, for messages.

    Raises:
        ValueError: all of them are 0.
    """
    if not any(weights):
        raise ValueError(f"{place}: every weight in the training part is 0; expected some above 0")
    return torch.tensor(weights, dtype=torch.get_default_dtype())


def given_weights(weights: Any, count: int) -> list[float]:
    """A user's own weights, from Python.

    Raises:
        ValueError: they are not as many as items, or one is none.
    """
    given = list(weights)
    if len(given) != count:
        raise ValueError(f"weight has {len(given)} entries for {count} sequences; expected one for each")
    found = [as_weight(value) for value in given]
    if None in found:
        k = found.index(None)
        raise ValueError(f"weight[{k}] is {given[k]}, in {found.count(None)} of {count} entries; {EXPECTED}")
    return [number for number in found if number is not None]
