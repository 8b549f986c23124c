"""The picture of a comparison: each run as a point, means with their intervals, and curves of validation."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from zoo.comparison.measure import Measure
from zoo.comparison.paired import interval
from zoo.comparison.standing import Standing, best
from zoo.comparison.table import decimals
from zoo.comparison.trial import Trial
from zoo.pictures.canvas import DPI, GRID, INK
from zoo.pictures.looks import ALARM, of_run
from zoo.pictures.marks import QUIET, TEXT
from zoo.pictures.wording import number, shorten
from zoo.runs.atomic_file import atomic_file
from zoo.runs.metrics_file import METRICS, Curve, read_metrics

WIDTH, ROW, ABOVE, BELOW = 10.0, 0.42, 0.8, 0.62
"""In inches: the picture's width, a variant's height, room for the finding and for the axis."""
NAMES, NUMBERS, GAP, MARGIN = 1.7, 0.95, 0.75, 0.15
"""Room for the names of variants, for their means, between the two panels, and at the edge."""
LEAST = 2.2
"""Inches that the panels are high at least."""
SPREAD = 0.16
"""How far the points of a variant lie apart, in rows."""


def draw(found: Sequence[Standing], measure: Measure, path: Path) -> None:
    """Writes the picture, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    with atomic_file(path) as file:
        paint(found, measure).savefig(file, format="png")


def paint(found: Sequence[Standing], measure: Measure) -> Figure:
    """The picture: runs to the left, curves to the right."""
    high = max(ROW * len(found), LEAST)
    height = high + ABOVE + BELOW
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    left, finding = MARGIN / WIDTH, _headline(found, measure)
    figure.text(left, 1 - 0.14 / height, finding, size=13, weight="bold", color=INK, va="top")
    figure.text(left, 1 - 0.43 / height, _subtitle(measure), size=TEXT, color=QUIET, va="top")
    room = (WIDTH - NAMES - NUMBERS - GAP - 2 * MARGIN) / 2
    places = [MARGIN + NAMES, MARGIN + NAMES + room + NUMBERS + GAP]
    points, curves = (
        figure.add_axes((place / WIDTH, BELOW / height, room / WIDTH, high / height)) for place in places
    )
    _draw_points(points, found, measure)
    _draw_curves(curves, found, measure)
    return figure


def _headline(found: Sequence[Standing], measure: Measure) -> str:
    """Who has the best mean; that it is the best for sure is for the test to say."""
    first = best(found, measure)
    if first is None:
        return f"{measure.name} of each run"
    which = "highest" if measure.sign > 0 else "lowest"
    return f"{shorten(first.variant, 40)} has the {which} mean {measure.name}"


def _subtitle(measure: Measure) -> str:
    return f"a point is a run, a bar the mean, a line its interval of 95 % (Student's t); {measure.words}"


def _draw_points(axes: Axes, found: Sequence[Standing], measure: Measure) -> None:
    """A row for each variant, the first on top."""
    _clean(axes, "x")
    for row, standing in enumerate(found):
        _draw_variant(axes, row, standing)
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_yticks(range(len(found)), [shorten(standing.variant, 22) for standing in found])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.set_xlabel(measure.name, size=TEXT, color=QUIET)


def _draw_variant(axes: Axes, row: int, standing: Standing) -> None:
    look, values = of_run(row), list(standing.values.values())
    reach = SPREAD * (len(values) > 1)
    axes.plot(
        values,
        row + np.linspace(-reach, reach, len(values)),
        linestyle="",
        marker="o",
        markersize=5,
        color=look.colour,
        alpha=0.75,
        markeredgewidth=0,
    )
    low, high = interval(values)
    if math.isfinite(low):
        axes.plot([low, high], [row, row], color=look.colour, linewidth=1.4)
    if values:
        axes.plot([standing.mean] * 2, [row - 0.3, row + 0.3], color=look.colour, linewidth=2.4)
    text = decimals(standing.mean, standing.deviation)
    failed = f"  {len(standing.failed)} failed" if standing.failed else ""
    axes.text(1.03, row, text, transform=axes.get_yaxis_transform(), size=TEXT, color=INK, va="center")
    if failed:
        place = row + 0.32
        axes.text(
            1.02, place, failed, transform=axes.get_yaxis_transform(), size=TEXT - 2, color=ALARM, va="center"
        )


def _draw_curves(axes: Axes, found: Sequence[Standing], measure: Measure) -> None:
    """The metric in validation as training went on: each run thin, their mean thick."""
    _clean(axes, "y")
    name = f"val/{measure.name.partition('/')[2]}"
    axes.set_title(f"{name}, as training went on", size=TEXT, color=QUIET, loc="left", pad=4)
    for row, standing in enumerate(found):
        look = of_run(row)
        curves = [curve for trial in standing.trials if (curve := _curve(trial, name)) is not None]
        for curve in curves:
            axes.plot(curve.steps, curve.values, color=look.colour, linewidth=0.7, alpha=0.4)
        steps, mean = _mean(curves)
        marker = "o" if len(steps) < 8 else ""
        axes.plot(steps, mean, color=look.colour, linewidth=2, marker=marker, markersize=3.5)
    axes.set_xlabel("optimiser step", size=TEXT, color=QUIET)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    if not any(len(np.asarray(line.get_xdata())) for line in axes.lines):
        axes.text(0.5, 0.5, "none was kept", transform=axes.transAxes, size=TEXT, color=QUIET, ha="center")


def _curve(trial: Trial, name: str) -> Curve | None:
    path = Path(trial.folder) / METRICS
    return read_metrics(path)[0].get(name) if trial.folder and path.is_file() else None


def _mean(curves: Sequence[Curve]) -> tuple[list[float], list[float]]:
    """The mean at the steps that all curves have."""
    if not curves:
        return [], []
    shared = sorted(set.intersection(*(set(curve.steps.tolist()) for curve in curves)))
    values = [[float(curve.values[curve.steps == step][0]) for curve in curves] for step in shared]
    return shared, [float(np.mean(each)) for each in values]


def _clean(axes: Axes, across: Literal["x", "y"]) -> None:
    """A panel as those of all pictures are."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)
    axes.tick_params(labelsize=TEXT, color=QUIET, labelcolor=QUIET)
    axes.grid(visible=True, axis=across, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
