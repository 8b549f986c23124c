"""Draws one plot with matplotlib: its axes, lines, maps, and what the colours of a map mean."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm, Normalize
from matplotlib.ticker import MaxNLocator, NullLocator

from zoo.pictures.description import Axis, HeatMap, Line, Plot, edges_of, log_ticks
from zoo.pictures.looks import ALARM
from zoo.pictures.wording import number

QUIET, EMPTY = "#666666", "#f0f0f0"
CUT = "#f2b134"
"""What clipping took away."""
CUTS = "#222222"
"""Lines between the gates of a map."""

TEXT = 9
"""Points; at 800 pixels of width a letter is 12 pixels high."""

FEW, MANY = 40, 200
"""Points up to which each is marked, and from which on lines are running medians over a pale original."""

WINDOWS = 40
"""Running medians are taken over this part of a line."""

MAP, SIGNED = "cividis", "PuOr_r"
"""Of sizes, and of values with a sign; both read alike with and without colour blindness."""

STROKES: Mapping[str, Any] = {
    "solid": "-",
    "none": "",
    "dash": (0, (3, 1.5)),
    "dot": (0, (1, 1.2)),
    "dashdot": (0, (3, 1.5, 1, 1.5)),
    "longdash": (0, (6, 2)),
}
"""Of `zoo.pictures.looks.DASHES`."""


def draw(axes: Axes, plot: Plot) -> None:
    """Draws a plot into an empty panel."""
    _set_across(axes, plot.across)
    _set_up(axes, plot.up)
    if plot.map is not None:
        _draw_map(axes, plot.map)
    if plot.filled:
        first, second = plot.lines[:2]
        axes.fill_between(first.x, second.y, first.y, color=CUT, alpha=0.45, linewidth=0)
    _draw_broken(axes, plot)
    for step in plot.marks:
        if plot.map is not None:
            axes.axvline(step, color=EMPTY, linewidth=2.4)
        axes.axvline(step, color=ALARM, linewidth=1.2, linestyle=STROKES["dash"])
    for line in plot.lines:
        # What lies between two lines must end at the lines, and lags are no noise.
        _draw_line(axes, line, smooth=plot.across.scale == "steps" and not plot.filled, thin=plot.filled)


def draw_bar(axes: Axes, shown: HeatMap) -> None:
    """What the colours of a map mean, where any of its values has one."""
    if shown.ends is None:
        axes.set_axis_off()
        return
    colours = ScalarMappable(_norm(shown), SIGNED if shown.signed else MAP)
    bar = axes.figure.colorbar(colours, cax=axes, orientation="horizontal", ticklocation="top")
    bar.outline.set_visible(False)
    low, high = shown.ends
    even = tuple((at, number(float(f"{at:.2g}"))) for at in (low, 0.0, high))
    places, names = zip(*(even if shown.signed else log_ticks(colours.get_clim(), most=3)), strict=True)
    bar.set_ticks(places, labels=names)
    bar.ax.minorticks_off()
    bar.ax.tick_params(labelsize=TEXT, color=QUIET, labelcolor=QUIET, length=2, pad=1)


def trend(values: Float[np.ndarray, " columns"], window: int) -> Float[np.ndarray, " columns"]:
    """The running median over so many values, centred; gaps stay gaps."""
    reach = window // 2
    padded = np.pad(values, reach, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    known = ~np.isnan(values)
    smooth = np.full(len(values), np.nan)
    smooth[known] = np.nanmedian(windows[known], axis=1)
    return smooth


def _set_across(axes: Axes, axis: Axis) -> None:
    assert axis.ends is not None
    low, high = axis.ends
    axes.set_xlim(low, high)
    axes.set_xlabel(axis.title, size=TEXT, color=QUIET)
    if axis.scale == "log":
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        axes.xaxis.set_minor_locator(NullLocator())
    if axis.ticks:
        axes.set_xticks([place for place, _ in axis.ticks], [words for _, words in axis.ticks])
        return
    ticks = MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]).tick_values(max(low, 0), high)
    kept = list(dict.fromkeys(int(tick) for tick in ticks if max(low, 0) <= tick <= high))
    axes.set_xticks(kept, [f"{tick:,}" for tick in kept])


def _set_up(axes: Axes, axis: Axis) -> None:
    assert axis.ends is not None
    axes.set_yscale("log" if axis.scale == "log" else "linear")
    axes.set_ylim(*axis.ends)
    if axis.ticks:
        axes.set_yticks([place for place, _ in axis.ticks], [words for _, words in axis.ticks])
        axes.tick_params(axis="y", length=3 if axis.title else 0)  # names of rows need no marks
    else:
        axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.yaxis.set_minor_locator(NullLocator())


def _draw_broken(axes: Axes, plot: Plot) -> None:
    """Fills the columns in which something was NaN or infinite."""
    if len(plot.broken):
        steps = plot.lines[0].x
        edges = edges_of(steps)
        for column in np.flatnonzero(np.isin(steps, plot.broken)):
            axes.axvspan(edges[column], edges[column + 1], color=ALARM, linewidth=0.8)


def _draw_line(axes: Axes, line: Line, smooth: bool, thin: bool) -> None:
    colour, values, many = line.look.colour, line.y, len(line.x) > MANY
    if many and smooth:
        axes.plot(line.x, line.y, color=colour, linewidth=0.5, alpha=0.25)
        values = trend(line.y, len(line.x) // WINDOWS)
    width = 0.6 if many and thin else 1.6
    # Few points are shown as such, for they may stand alone between two gaps.
    marker = "o" if len(line.x) <= FEW else ""
    dashes = STROKES[line.look.dash]
    axes.plot(line.x, values, color=colour, linestyle=dashes, linewidth=width, marker=marker, markersize=3)


def _draw_map(axes: Axes, shown: HeatMap) -> None:
    """The map: grey where there is no value, red where it was not finite."""
    axes.grid(visible=False)
    axes.set_facecolor(EMPTY)
    edges, rows = edges_of(shown.steps), (np.arange(len(shown.values) + 1) - 0.5) * shown.stride
    if shown.ends is not None:
        known = np.where(np.isfinite(shown.values), np.maximum(shown.values, shown.ends[0]), np.nan)
        colours = SIGNED if shown.signed else MAP
        axes.pcolormesh(edges, rows, known, norm=_norm(shown), cmap=colours, rasterized=True)
    for cut in shown.cuts:
        axes.axhline(cut, color=CUTS, linewidth=0.8)
    if np.isinf(shown.values).any():
        broken = np.where(np.isinf(shown.values), 1.0, np.nan)
        axes.pcolormesh(edges, rows, broken, cmap=ListedColormap([ALARM]), rasterized=True)


def _norm(shown: HeatMap) -> Normalize:
    assert shown.ends is not None
    low, high = shown.ends
    if shown.signed:
        return Normalize(low, high)
    return LogNorm(low * 0.999, high * 1.001)
