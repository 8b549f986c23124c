"""Draws what `zoo.pictures.description` describes with Plotly, for the page of a run."""

import base64
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Shaped

from zoo.pictures.description import Axis, HeatMap, Line, Plot, log_ticks
from zoo.pictures.looks import ALARM
from zoo.report.figure import Layout, Trace, View, evenly
from zoo.report.palette import level
from zoo.report.text import plain

MOST_POINTS = 2000
"""Points of a curve; more than a screen has columns."""

SOME_POINTS = 400
"""Points of a curve that is one of hundreds."""

DIGITS = 5
"""Significant digits of the numbers behind a figure."""

GAP = 0.09
"""Between plots that stand on each other, as a part of the height of all."""

FEW = 40
"""Points up to which each is marked."""


def view(name: str, height: int, plot: Plot, below: Plot | None = None, most: int = MOST_POINTS) -> View:
    """A picture of the page.

    Args:
        name: What the reader chooses it by.
        height: In pixels.
        plot: What it shows.
        below: What stands below it, on the same horizontal axis, in a fifth of the height.
        most: Points of each line.
    """
    layout: Layout = {"height": height, "xaxis": axis_layout(plot.across), "yaxis": axis_layout(plot.up)}
    traces = _traces(plot, most)
    if below is not None:
        layout["yaxis"]["domain"], layout["xaxis"]["anchor"] = [0.2 + GAP, 1], "y2"
        layout["yaxis2"] = axis_layout(below.up) | {"domain": [0, 0.2]}
        traces += [trace | {"yaxis": "y2"} for trace in _traces(below, most)]
    if plot.map is not None:
        layout |= {"margin": {"t": 52}, "coloraxis": _colours(plot.map)}
    if plot.marks:
        layout["shapes"] = [_upright(step) for step in plot.marks]
    if plot.across.scale == "steps":
        layout["meta"] = {"steps": True}  # so that the page's choice of steps holds for it
    return View(name, traces, layout)


def crosses(x: Sequence[float], y: float, run: int) -> Trace:
    """Marks where numbers were not finite."""
    kept = evenly(len(x), 200)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "NaN or infinity",
        "x": [int(x[index]) for index in kept],
        "y": [float(f"{y:.4g}")] * len(kept),
        "cliponaxis": False,
        "marker": {"symbol": "x", "size": 8, "color": ALARM},
        "meta": {"run": run, "dark": "#FF6B6B"},
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


def numbers(values: np.ndarray) -> list[float | int | None]:
    """Values as short JSON numbers, with null for what is not finite."""
    short = [float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in values.ravel()]
    return [int(value) if value is not None and value.is_integer() else value for value in short]


def packed(values: Shaped[np.ndarray, "rows columns"]) -> dict[str, str]:
    """A matrix as Plotly reads it from base64, in a fifth of the letters."""
    kind = {"uint8": "u1", "float32": "f4"}[str(values.dtype)]
    data = base64.b64encode(np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes())
    return {"dtype": kind, "bdata": data.decode(), "shape": f"{values.shape[0]}, {values.shape[1]}"}


def _traces(plot: Plot, most: int) -> list[Trace]:
    traces = [_line(line, most) for line in plot.lines]
    if plot.map is not None:
        traces.append(_map(plot.map, plot.up.title) | {"meta": {"run": plot.run}})
    if len(plot.broken) and plot.up.ends is not None:
        # A hair beyond the end, where rounding may put it, Plotly would leave it out.
        traces.append(crosses(plot.broken, 0.999 * plot.up.ends[1], plot.run))
    return traces


def _upright(step: float) -> Layout:
    """A line through all of a figure."""
    line = {"color": ALARM, "width": 1.5, "dash": "dash"}
    return {"type": "line", "x0": step, "x1": step, "yref": "paper", "y0": 0, "y1": 1, "line": line}


def _line(line: Line, most: int) -> Trace:
    """A curve, thinned to what a screen can show."""
    across, up = thinned(line.x.astype(float), line.y.astype(float), most)
    few, look = len(across) <= FEW, line.look
    if look.dash == "none":
        return _points(line, across, up)
    return {
        "type": "scatter",
        "mode": "lines+markers" if few or look.symbol else "lines",
        "x": numbers(across),
        "y": numbers(up),
        "name": plain(line.name),
        "line": {"color": look.colour, "dash": look.dash, "width": 2},
        "marker": {"symbol": look.symbol or "circle", "size": 6, "maxdisplayed": 0 if few else 8},
        "meta": {"run": line.run, "dark": look.dark, "quiet": look.quiet},
    }


def _points(line: Line, x: Float[np.ndarray, " points"], y: Float[np.ndarray, " points"]) -> Trace:
    """Points by themselves, which do not hide each other."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": numbers(x),
        "y": numbers(y),
        "name": plain(line.name),
        "marker": {
            "symbol": line.look.symbol or "circle",
            "size": 6,
            "opacity": 0.6,
            "color": line.look.colour,
        },
        "meta": {"run": line.run, "dark": line.look.dark, "quiet": line.look.quiet},
    }


def _map(shown: HeatMap, rows: str) -> Trace:
    low = -math.inf if shown.ends is None else shown.ends[0]
    known = np.where(np.isfinite(shown.values) & (shown.values >= 0), np.maximum(shown.values, low), np.nan)
    with np.errstate(divide="ignore"):
        sizes = np.log10(known)
    return {
        "type": "heatmap",
        "x": [int(step) for step in shown.steps],
        "y0": 0,
        "dy": shown.stride,
        "z": packed(sizes.astype(np.float32)),
        "coloraxis": "coloraxis",
        "hovertemplate": f"step %{{x}}<br>%{{y}} {rows}<br>10^%{{z:.2f}}<extra></extra>",
    }


def _colours(shown: HeatMap) -> Layout:
    ends = shown.ends or (0.1, 1.0)
    bar = bar_above(shown.title, [(math.log10(at), words) for at, words in log_ticks(ends, most=5)], 1.03)
    low, high = (round(math.log10(end), 3) for end in ends)
    return {"cmin": low - 1e-3, "cmax": high + 1e-3, "colorscale": level(), "colorbar": bar}


def bar_above(title: str, ticks: Sequence[tuple[float, str]], height: float) -> Layout:
    """What colours mean: a bar above a figure, at its right.

    Args:
        title: What they tell.
        ticks: What is written below the bar, and where.
        height: Where it stands, 1 being the top of the figure.
    """
    layout: Layout = {"orientation": "h", "thickness": 10, "len": 0.65, "x": 1, "xanchor": "right"}
    layout |= {"y": height, "ypad": 0, "yanchor": "bottom", "title": {"text": title, "side": "top"}}
    return layout | {"tickvals": [at for at, _ in ticks], "ticktext": [words for _, words in ticks]}


def axis_layout(axis: Axis) -> Layout:
    """An axis as Plotly wants it."""
    layout: Layout = {"title": {"text": axis.title}} if axis.title else {}
    if axis.scale == "log":
        layout["type"] = "log"
    if axis.scale == "steps":
        layout["tickformat"] = ",~r"
    if axis.ends is not None:
        ends = [math.log10(end) for end in axis.ends] if axis.scale == "log" else axis.ends
        layout["range"] = [float(f"{end:.6g}") for end in ends]
    if axis.ticks:
        layout["tickvals"] = [at for at, _ in axis.ticks]
        layout["ticktext"] = [words for _, words in axis.ticks]
    return layout
