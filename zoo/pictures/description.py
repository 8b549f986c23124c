"""What a picture shows: lines and maps on axes, in words and numbers, whoever draws it.

Matplotlib draws it for the files of a run (`zoo.pictures.canvas`), Plotly for its page
(`zoo.report.plotly_view`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
from jaxtyping import Float, Shaped

from zoo.pictures.looks import Look
from zoo.pictures.wording import number, power

MOST_DECADES = 40
"""What a logarithmic axis shows at most."""

MAP_DECADES = 12
"""Below a trillionth of the largest value the colours of a map would say no more than "nothing"."""

Ends: TypeAlias = tuple[float, float]
"""The smallest and the largest value on an axis, or of a map's colours."""


@final
@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis of a picture.

    Attributes:
        title: What is on it, in words, with its unit.
        scale: How values lie on it.
        ends: None leaves them to whoever draws it.
        ticks: What is written on it and where; empty leaves that to whoever draws it.
    """

    title: str
    scale: Literal["linear", "log", "steps"] = "linear"
    ends: Ends | None = None
    ticks: tuple[tuple[float, str], ...] = ()


@final
@dataclass(frozen=True, kw_only=True)
class Line:
    """A curve.

    Attributes:
        name: What it is of.
        x: Ascending.
        y: What is not finite is a gap.
        look: Its colours, dashes and marks.
        run: The index of the run that it belongs to, where a page has several.
    """

    name: str
    x: Shaped[np.ndarray, " points"]
    y: Float[np.ndarray, " points"]
    look: Look
    run: int = 0


@final
@dataclass(frozen=True, kw_only=True)
class HeatMap:
    """Values over steps, or over units, as colours.

    Attributes:
        title: What the colours tell.
        values: A row for each place on the vertical axis, from 0. NaN where there is none, infinite where it
            was not finite.
        steps: The optimiser step of each column, or its number.
        ends: What the darkest and the brightest colour stand for; None where no value is above 0.
        stride: From one row to the next.
        signed: Whether colours lie on a linear scale about 0, instead of on a logarithmic one.
        cuts: Where on the vertical axis a line parts the rows.
    """

    title: str
    values: Float[np.ndarray, "rows columns"]
    steps: Shaped[np.ndarray, " columns"]
    ends: Ends | None
    stride: int = 1
    signed: bool = False
    cuts: tuple[float, ...] = ()


@final
@dataclass(frozen=True, kw_only=True)
class Plot:
    """What stands on one pair of axes.

    Attributes:
        title: What it shows.
        across: The horizontal axis.
        up: The vertical one.
        lines: In the order of their legend.
        map: Below the lines.
        broken: Where on the horizontal axis something was NaN or infinite.
        filled: Whether what lies between the first two lines is filled.
        marks: Steps that a dashed line marks.
        run: The index of the run that map and crosses belong to, where a page has several.
    """

    title: str
    across: Axis
    up: Axis
    lines: Sequence[Line] = ()
    map: HeatMap | None = None
    broken: Sequence[float] = ()
    filled: bool = False
    marks: Sequence[float] = ()
    run: int = 0


@final
@dataclass(frozen=True, kw_only=True)
class PanelRow:
    """Plots side by side, on the same vertical axis.

    Attributes:
        title: What they show; "" for a row that goes on with what the one above it shows.
        height: In inches.
        plots: From left to right; where there are several, their titles stand above them.
        named: Whether the names of lines stand beside their ends.
        label: What the row is of and the colour that this has, where a title does not say so.
    """

    title: str
    height: float
    plots: Sequence[Plot]
    named: bool = False
    label: tuple[str, str] = ("", "")


@final
@dataclass(frozen=True, kw_only=True)
class Picture:
    """Rows of plots, with the main finding above them.

    Attributes:
        title: The finding.
        subtitle: What it rests on.
        rows: From top to bottom; of those with the same horizontal axis the lowest says what is on it.
    """

    title: str
    subtitle: str
    rows: Sequence[PanelRow]


def log_axis(title: str, values: Sequence[Shaped[np.ndarray, "..."]], most: int = 7) -> Axis:
    """A logarithmic axis for the positive ones of all these values, so that pictures can share it.

    Args:
        title: What is on it.
        values: Of all pictures that share it.
        most: Ticks that there is room for.
    """
    low, high = extent(values, MOST_DECADES) or (0.1, 1.0)
    room = 10 ** max(0.06 * math.log10(high / low), 0.08)
    ends = (low / room, high * room)
    return Axis(title=title, scale="log", ends=ends, ticks=log_ticks(ends, most))


def linear_axis(title: str, values: Sequence[Shaped[np.ndarray, "..."]]) -> Axis:
    """An axis for all these values, so that pictures can share it."""
    seen = np.concatenate([np.zeros(0), *(np.ravel(value) for value in values)])
    seen = seen[np.isfinite(seen)]
    if not seen.size:
        return Axis(title=title)
    low, high = float(seen.min()), float(seen.max())
    room = max(0.06 * (high - low), 0.02 * max(abs(low), abs(high)), 1e-9)
    return Axis(title=title, ends=(low - room, high + room))


def share_axis(title: str, parts: int = 4) -> Axis:
    """An axis from none to all, with a tick after each of so many parts."""
    ticks = tuple((part / parts, f"{part / parts:.0%}") for part in range(parts + 1))
    return Axis(title=title, ends=(-0.03, 1.03), ticks=ticks)


def step_axis(last: float) -> Axis:
    """The horizontal axis of a run's optimiser steps."""
    reach = max(last, 1) * 0.02
    return Axis(title="optimiser step", scale="steps", ends=(-reach, max(last, 1) + reach))


def column_axis(steps: Shaped[np.ndarray, " columns"]) -> Axis:
    """The same just for the columns of a map, each of which reaches half-way to its neighbours."""
    edges = edges_of(steps)
    return Axis(title="optimiser step", scale="steps", ends=(float(edges[0]), float(edges[-1])))


def edges_of(steps: Shaped[np.ndarray, " columns"]) -> Float[np.ndarray, " edges"]:
    """The edges between the columns of a map, half-way between the steps."""
    between = (steps[1:] + steps[:-1]) / 2
    first, last = (between[0], between[-1]) if len(between) else (steps[0] + 0.5, steps[0] - 0.5)
    return np.concatenate([[2 * steps[0] - first], between, [2 * steps[-1] - last]])


def lag_axis(count: int) -> Axis:
    """The horizontal axis of so many lags."""
    return Axis(title="steps back in time", ends=(-0.5, max(count, 2) - 0.5))


def extent(values: Sequence[Shaped[np.ndarray, "..."]], decades: int) -> Ends | None:
    """The smallest and the largest positive value, at most so many decades apart; None without any."""
    seen = np.concatenate([np.zeros(0), *(np.ravel(value) for value in values)])
    seen = seen[np.isfinite(seen) & (seen > 0)]
    if not seen.size:
        return None
    high = float(seen.max())
    return max(float(seen.min()), high / 10**decades), high


def log_ticks(ends: Ends, most: int) -> tuple[tuple[float, str], ...]:
    """At most so many ticks of a logarithmic axis: powers of ten, or finer ones where it has few of them."""
    low, high = (math.log10(end) for end in ends)
    if high - low <= 0.6:
        return tuple((value, number(value)) for value in _even(ends, most))
    places = range(math.floor(low), math.ceil(high) + 1)
    fine = [float(f"{factor}e{place}") for place in places for factor in (1, 2, 5)]
    fine = [value for value in fine if ends[0] <= value <= ends[1]]
    if len(fine) <= most:
        return tuple((value, number(value)) for value in fine)
    inner = [place for place in places if low <= place <= high]
    stride = -(-len(inner) // most)
    kept = [place for place in inner if place % stride == 0]
    if len(kept) < 2:
        return tuple((value, number(value)) for value in fine[:: -(-len(fine) // most)])
    return tuple((10.0**place, power(place)) for place in kept)


def _even(ends: Ends, most: int) -> list[float]:
    """Round numbers at equal distances, at most so many."""
    least = (ends[1] - ends[0]) / most
    unit = 10.0 ** math.floor(math.log10(least))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= least)
    inside = range(math.ceil(ends[0] / step), int(ends[1] / step) + 1)
    return [float(f"{index * step:.6g}") for index in inside]
