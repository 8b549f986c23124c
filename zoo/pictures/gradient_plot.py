"""Pictures of how gradients flow. They need a file's records and no running fit, so they can be redrawn."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm, to_hex
from matplotlib.figure import Figure

from zoo.diagnostics.parameter_paths import depth_of
from zoo.pictures.captions import headline, subtitle
from zoo.pictures.panels import (
    INK,
    QUIET,
    TEXT,
    heading,
    label_right,
    log_axis,
    panel,
    shorten,
    span,
    trend,
)
from zoo.runs.gradient_records import GradientRecord
from zoo.runs.timeline import Timeline, timeline

ALARM = "#d1495b"
"""NaN and infinity."""

CUT = "#f2b134"
"""What clipping took away."""

WIDTH, DPI = 8.0, 200
LINES, STRIP, ABOVE, BETWEEN, BELOW = 3.0, 1.3, 1.0, 0.48, 0.5
"""Heights in inches; only the map's depends on the number of layers."""

TITLE = 74
"""Letters of a title that fit the width in full size."""

MOST_POINTS = 200
"""Steps up to which each is drawn as it is; beyond, lines are running medians over a pale original."""

WINDOWS = 40
"""Running medians are taken over this part of a run."""

MOST_ROWS = 24
"""Rows of the map up to which each is named."""


def draw_gradients(records: Iterable[GradientRecord]) -> Figure:
    """Gradient magnitude by layer over training: lines, a map, and what clipping did.

    Args:
        records: Of one run, as `read_gradients` yields them.

    Raises:
        ValueError: there is no record.
    """
    run = timeline(records)
    if len(run.steps) == 0:
        raise ValueError("no gradient record to draw; expected at least one")
    rows = min(max(0.19 * len(run.layers), 0.8), 4.2)
    height = ABOVE + LINES + rows + STRIP + 2 * BETWEEN + BELOW
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    left = 0.125 / WIDTH
    title = headline(run)
    size = 13 * min(1.0, TITLE / len(title))
    figure.text(left, 1 - 0.14 / height, title, size=size, weight="bold", color=INK, va="top")
    figure.text(left, 1 - 0.42 / height, subtitle(run), size=TEXT, color=QUIET, va="top")
    _draw_norms(panel(figure, BELOW, STRIP), run)
    _draw_map(panel(figure, BELOW + STRIP + BETWEEN, rows), run)
    _draw_lines(panel(figure, BELOW + STRIP + BETWEEN + rows + BETWEEN, LINES), run)
    for axes in figure.axes[1:]:
        # The steps are named once, below the last panel.
        axes.tick_params(axis="x", labelbottom=False)
    return figure


def _draw_lines(axes: Axes, run: Timeline) -> None:
    heading(axes, "Gradient by layer: root mean square of ∂loss/∂weight, before clipping")
    colours = _colours(run.layers)
    values = np.where(run.rms > 0, run.rms, np.nan)
    span(axes, run.steps)
    log_axis(axes, values)
    many = len(run.steps) > MOST_POINTS
    window = len(run.steps) // WINDOWS if many else 1
    lines = {layer: trend(row, window) for layer, row in zip(run.layers, values, strict=True)}
    for layer, row in zip(run.layers, values, strict=True):
        if many:
            axes.plot(run.steps, row, color=colours[layer], linewidth=0.5, alpha=0.25)
        dashes = "-" if depth_of(layer) else (0, (3, 1.5))
        axes.plot(run.steps, lines[layer], color=colours[layer], linestyle=dashes, **_stroke(run))
    label_right(axes, run.steps, lines, colours)


def _draw_map(axes: Axes, run: Timeline) -> None:
    heading(axes, "The same as a map, input side at the bottom")
    edges = span(axes, run.steps)
    rows = np.arange(len(run.layers) + 1)
    seen = run.rms[run.rms > 0]
    if seen.size:
        # Below a trillionth of the largest value the colours would say no more than "nothing".
        low = max(seen.min(), seen.max() * 1e-12)
        shown = np.where(np.isnan(run.rms), np.nan, np.maximum(run.rms, low))
        norm = LogNorm(low * 0.999, seen.max() * 1.001)
        _colour_bar(axes, axes.pcolormesh(edges, rows, shown, norm=norm, cmap="cividis", rasterized=True))
    if run.nonfinite.any():
        broken = np.where(run.nonfinite, 1.0, np.nan)
        axes.pcolormesh(edges, rows, broken, cmap=ListedColormap([ALARM]), rasterized=True)
        _note(axes, "■ NaN or infinity", ALARM)
    stride = -(-len(run.layers) // MOST_ROWS)
    axes.set_yticks(rows[:-1:stride] + 0.5, [shorten(name, 13) for name in run.layers[::stride]])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False)
    axes.set_facecolor("#f0f0f0")


def _draw_norms(axes: Axes, run: Timeline) -> None:
    clipped = ", and what clipping took away" if run.clipped.any() else "; nothing was clipped"
    heading(axes, f"Norm of the whole gradient{clipped}")
    edges = span(axes, run.steps)
    log_axis(axes, np.concatenate([run.before, run.after]))
    axes.fill_between(run.steps, run.after, run.before, color=CUT, alpha=0.45, linewidth=0)
    width = 1.6 if len(run.steps) <= MOST_POINTS else 0.6
    axes.plot(run.steps, run.before, color=QUIET, **_stroke(run) | {"linewidth": width})
    axes.plot(run.steps, run.after, color=INK, **_stroke(run) | {"linewidth": width})
    for column in np.flatnonzero(run.nonfinite.any(axis=0)):
        axes.axvspan(edges[column], edges[column + 1], color=ALARM, linewidth=0.8)
    lines = {"before": run.before, "after": run.after} if run.clipped.any() else {"norm": run.before}
    label_right(axes, run.steps, lines, {"before": QUIET, "after": INK, "norm": INK})
    axes.set_xlabel("optimiser step", size=TEXT, color=QUIET)


def _colours(layers: tuple[str, ...]) -> dict[str, str]:
    """From dark at the input to bright at the output; grey for what is no layer of a stack."""
    stacked = [layer for layer in layers if depth_of(layer)]
    # The last sixth of the colours is too bright for a line on white.
    shades = colormaps["viridis"](np.linspace(0, 0.84, max(len(stacked), 1)))
    return dict.fromkeys(layers, QUIET) | {
        layer: to_hex(shade) for layer, shade in zip(stacked, shades, strict=False)
    }


def _stroke(run: Timeline) -> dict[str, Any]:
    """Few points are shown as such, for they may stand alone between two gaps."""
    return {"linewidth": 1.6, "marker": "o" if len(run.steps) <= 40 else "", "markersize": 3}


def _note(axes: Axes, text: str, colour: str) -> None:
    axes.annotate(
        text,
        (1, 1),
        (0, 7),
        xycoords="axes fraction",
        textcoords="offset points",
        size=TEXT,
        color=colour,
        ha="right",
    )


def _colour_bar(axes: Axes, mesh: ScalarMappable) -> None:
    bar = axes.figure.colorbar(mesh, cax=axes.inset_axes((1.03, 0, 0.025, 1)))
    bar.outline.set_visible(False)
    log_axis(bar.ax, np.array(mesh.get_clim()))
    bar.ax.set_ylim(*mesh.get_clim())
    bar.ax.set_title("RMS", size=TEXT, color=QUIET, loc="left", pad=7)
    bar.ax.tick_params(labelsize=TEXT, color=QUIET, labelcolor=QUIET)
