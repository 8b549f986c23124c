"""Arrays of an npz file as the columns of a table: one row for each step of each series."""

from collections.abc import Mapping
from typing import Any

import numpy as np

SERIES = "series"
"""The column that numbers the series of an array (N, T, D) or, with a label each, (N, T)."""
FEW = 3
"""A whole number is a label where each stands for so many series at least."""

Arrays = Mapping[str, Any]


def columns_of(arrays: Arrays) -> dict[str, Any]:
    """The columns of arrays.

    (T,) each is a column; (T, D) is D columns, `x_0` and so on; (N, T, D), or (N, T) beside labels (N,), are
    N series of T rows, which the column `series` numbers, and what is (N,) beside it belongs to each series.

    Args:
        arrays: By name, as an npz file has them.

    Raises:
        ValueError: they do not belong together; says their shapes.
    """
    deepest = max(arrays, key=lambda name: arrays[name].ndim)
    whole = arrays[deepest]
    labels = [array for array in arrays.values() if array.ndim == 1]
    if whole.ndim == 3 or (whole.ndim == 2 and any(_are_labels(each, len(whole)) for each in labels)):
        found = _of_series(arrays, whole.shape[:2])
    elif whole.ndim in (1, 2):
        found = {name: part for each in arrays for name, part in _parts(each, arrays[each], 1)}
    else:
        raise _unclear(arrays)
    if len({len(column) for column in found.values()}) > 1:
        raise _unclear(arrays)
    return found


def _of_series(arrays: Arrays, shape: tuple[int, int]) -> dict[str, Any]:
    count, steps = shape
    columns: dict[str, Any] = {SERIES: np.repeat(np.arange(count), steps)}
    for name, array in arrays.items():
        if array.shape[:2] == shape:
            flat = array.reshape(count * steps, *array.shape[2:])
            columns |= _parts(name, flat, 1)
        elif array.shape[:1] == (count,) and array.ndim == 1:
            columns[name] = np.repeat(array, steps)
        else:
            raise _unclear(arrays)
    return columns


def _parts(name: str, array: Any, axis: int) -> list[tuple[str, Any]]:
    """An array (N,) under its name, or the columns of one (N, D) numbered."""
    if array.ndim == axis:
        return [(name, array)]
    width = array.shape[axis]
    return [(name if width == 1 else f"{name}_{k}", array[:, k]) for k in range(width)]


def _are_labels(array: Any, count: int) -> bool:
    """Whether there is a word, or one of few whole numbers, for each of so many series."""
    if array.shape != (count,):
        return False
    return array.dtype.kind in "US" or (array.dtype.kind in "biu" and len(np.unique(array)) * FEW <= count)


def _unclear(arrays: Arrays) -> ValueError:
    said = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
    return ValueError(
        f"holds {said}; expected columns (T,) of equal length, one array (T, D), or series "
        f"(N, T, D) with what belongs to each (N,)"
    )
