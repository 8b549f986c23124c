"""The exponent with which time or memory grows: the slope on logarithmic axes, with its error."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from zoo.bench.scaling.sweep import AXES, Point, upper


@final
@dataclass(frozen=True, kw_only=True)
class Exponent:
    """How a quantity y grows with a size x, as y ~ x^slope, over the upper half of its range.

    Attributes:
        line: Whose it is.
        axis: The size that grows.
        time: Slope of the time.
        time_error: Its standard error.
        memory: Slope of the memory; None where that was not measured.
        memory_error: Its standard error.
    """

    line: str
    axis: str
    time: float
    time_error: float
    memory: float | None = None
    memory_error: float | None = None


def slope(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """Slope of log y over log x by least squares, and its standard error.

    Raises:
        ValueError: there are fewer than three points.
    """
    if len(x) < 3:
        raise ValueError(f"an exponent from {len(x)} points; expected at least 3, for its error")
    u, v = (np.log(np.asarray(part, float)) for part in (x, y))
    u, v = u - u.mean(), v - v.mean()
    found = float(u @ v / (u @ u))
    rest = v - found * u
    return found, math.sqrt(float(rest @ rest) / (len(x) - 2) / float(u @ u))


def exponents(points: Sequence[Point]) -> list[Exponent]:
    """Those of every line along every axis."""
    return [
        _exponent(line, axis, [each for each in points if (each.line, each.axis) == (line, axis)])
        for line in dict.fromkeys(each.line for each in points if each.axis in AXES)
        for axis in AXES
    ]


def _exponent(line: str, axis: str, points: Sequence[Point]) -> Exponent:
    kept = [each for each in points if each.value in upper(axis)]
    x = [each.value for each in kept]
    time, time_error = slope(x, [each.seconds for each in kept])
    known = [each.memory for each in kept if each.memory]
    memory, memory_error = slope(x, known) if len(known) == len(x) else (None, None)
    return Exponent(
        line=line,
        axis=axis,
        time=time,
        time_error=time_error,
        memory=memory,
        memory_error=memory_error,
    )
