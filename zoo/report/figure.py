"""What a page is made of: sections with figures and the tables that say the same in numbers."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Float, Shaped

from zoo.report.text import number, plain, power

MOST_POINTS = 2000
"""Points of a curve; more than a screen has columns."""

SOME_POINTS = 400
"""Points of a curve that is one of hundreds."""

MOST_COLUMNS = 300
"""Columns of a map."""

MOST_ROWS = 24
"""Rows of a table that stands for a curve."""

DIGITS = 5
"""Significant digits of the numbers behind a figure."""

Trace = dict[str, Any]
Layout = dict[str, Any]


@final
@dataclass(frozen=True)
class Table:
    """Numbers and words in rows.

    Attributes:
        title: What it holds; "" where the heading above it says so.
        head: Names of the columns; the first column names the rows.
        rows: As long as `head`, each.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@final
@dataclass(frozen=True)
class View:
    """One of the pictures that a panel can show.

    Attributes:
        name: What the reader chooses it by; the same in all panels of a section.
        traces: Plotly's traces. What `meta` says of a trace: `run`, the index of the run that it belongs to,
            and `dark`, its colour on a dark page.
        layout: Plotly's layout; the page adds fonts and colours.
    """

    name: str
    traces: Sequence[Trace]
    layout: Layout


@final
@dataclass(frozen=True)
class Panel:
    """A place for a picture.

    Attributes:
        title: Stands above it.
        views: The first is shown at first.
        run: Index of the run that the panel is about, or None where it is about several.
    """

    title: str
    views: Sequence[View]
    run: int | None = None


@final
@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page.

    Attributes:
        title: Its heading.
        caption: A sentence or two that say how to read it.
        panels: Side by side where there is room.
        said: What the figures show, in a sentence for each run.
        tables: The numbers behind the panels, or shown outright where there are no panels.
        notes: What is left out, and why.
    """

    title: str
    caption: str
    panels: Sequence[Panel] = ()
    said: Sequence[str] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()


def line(
    x: Sequence[float] | np.ndarray,
    y: Sequence[float] | np.ndarray,
    name: str,
    style: Mapping[str, Any],
    most: int = MOST_POINTS,
) -> Trace:
    """A curve, thinned to what a screen can show.

    Args:
        x: Places, ascending.
        y: Values; what is not finite is a gap.
        name: What the legend calls it.
        style: `color`, `dark`, `dash`, `symbol`, `run`, and `quiet` (not in the legend); each may be absent.
        most: Points that are left.
    """
    across, up = thinned(np.asarray(x, dtype=float), np.asarray(y, dtype=float), most)
    few = len(across) <= 40
    return {
        "type": "scatter",
        "mode": "lines+markers" if few or "symbol" in style else "lines",
        "x": numbers(across),
        "y": numbers(up),
        "name": plain(name),
        "line": {"color": style.get("color", "#777777"), "dash": style.get("dash", "solid"), "width": 2},
        "marker": {"symbol": style.get("symbol", "circle"), "size": 6, "maxdisplayed": 0 if few else 8},
        "meta": {key: style[key] for key in ("run", "dark", "quiet") if key in style},
    }


def thinned(
    x: Float[np.ndarray, " points"], y: Float[np.ndarray, " points"], most: int = MOST_POINTS
) -> tuple[Float[np.ndarray, " fewer"], Float[np.ndarray, " fewer"]]:
    """The points of a curve that matter: of each stretch the lowest and the highest."""
    if len(x) <= most:
        return x, y
    stretches = most // 2 - 1
    width = -(-len(x) // stretches)
    padded = np.pad(y, (0, -len(x) % width), constant_values=np.nan).reshape(-1, width)
    starts = np.arange(len(padded)) * width
    lowest = np.where(np.isnan(padded), np.inf, padded).argmin(axis=1)
    highest = np.where(np.isnan(padded), -np.inf, padded).argmax(axis=1)
    where = np.unique(np.concatenate([[0, len(x) - 1], starts + lowest, starts + highest]))
    return x[where], y[where]


def evenly(count: int, most: int) -> list[int]:
    """At most so many indices of `count` things, the first and the last among them."""
    chosen = np.linspace(0, count - 1, min(count, most)).round().astype(int)
    return [int(index) for index in chosen]


def numbers(values: np.ndarray) -> list[float | int | None]:
    """Values as short JSON numbers, with null for what is not finite."""
    short = [float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in values.ravel()]
    return [int(value) if value is not None and value.is_integer() else value for value in short]


def packed(values: Shaped[np.ndarray, "rows columns"]) -> dict[str, str]:
    """A matrix as Plotly reads it from base64, in a fifth of the letters."""
    kind = {"uint8": "u1", "float32": "f4"}[str(values.dtype)]
    data = base64.b64encode(np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes())
    return {"dtype": kind, "bdata": data.decode(), "shape": f"{values.shape[0]}, {values.shape[1]}"}


def step_axis(last: float) -> Layout:
    """The horizontal axis of optimiser steps."""
    reach = max(last, 1) * 0.02
    return {"title": {"text": "optimiser step"}, "range": [-reach, max(last, 1) + reach], "tickformat": ",~r"}


def over_steps(height: int, last: float, others: Layout) -> Layout:
    """A layout whose horizontal axis is that of steps, so that the page's choice of steps holds for it."""
    return {"height": height, "xaxis": step_axis(last), "meta": {"steps": True}, **others}


def log_axis(values: Sequence[np.ndarray], title: str) -> Layout:
    """A logarithmic axis for all these values, so that panels can share it."""
    seen = np.concatenate([np.ravel(value) for value in values]) if len(values) else np.array([])
    seen = seen[np.isfinite(seen) & (seen > 0)]
    axis: Layout = {"type": "log", "title": {"text": title}}
    if seen.size:
        high = float(np.log10(seen.max()))
        low = max(float(np.log10(seen.min())), high - 40)
        room = max(0.06 * (high - low), 0.08)
        ticks = log_ticks(low - room, high + room)
        axis["range"] = [round(low - room, 4), round(high + room, 4)]
        axis["tickvals"] = ticks
        whole = len(ticks) > 2 and all(f"{tick:e}".startswith("1.000000") for tick in ticks)
        axis["ticktext"] = [power(round(np.log10(tick))) if whole else number(tick) for tick in ticks]
    return axis


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten between two exponents, with twice and five times them where there are few."""
    whole = range(int(np.floor(low)), int(np.ceil(high)) + 1)
    stride = max(int(np.ceil((high - low) / 6)), 1)
    factors = (1, 2, 5) if high - low <= 2.4 else (1,)
    ticks = [float(f"{factor}e{place}") for place in whole if place % stride == 0 for factor in factors]
    return [tick for tick in ticks if 10**low <= tick <= 10**high]
