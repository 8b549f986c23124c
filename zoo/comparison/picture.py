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

from zoo.comparison.curves import curves_of
from zoo.comparison.measure import Measure
from zoo.comparison.paired import interval
from zoo.comparison.standing import Standing, best
from zoo.comparison.table import decimals
from zoo.pictures.canvas import DPI, GRID, INK
from zoo.pictures.labels import LINE, spread
from zoo.pictures.looks import ALARM, of_run
from zoo.pictures.marks import QUIET, TEXT
from zoo.pictures.wording import number, shorten
from zoo.runs.atomic_file import atomic_file
from zoo.runs.metrics_file import Curve

WIDTH, ROW, ABOVE, BELOW = 10.0, 0.42, 0.85, 0.6
"""In inches: the picture's width, a variant's height, room for the finding and for the axis."""
NUMBERS, GAP, MARGIN = 1.25, 0.75, 0.125
"""Room for means, between the two panels, and at the edge."""
LETTER, LONGEST = 0.078, 26
"""How wide a letter of a variant's name is, and how many of them there are at most."""
FEW = 8
"""Points of a curve up to which each is marked."""
TICKS = (1, 2, 2.5, 5, 10)
"""What the first digit of a distance between ticks may be."""
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
    names = LETTER * min(max(len(standing.variant) for standing in found), LONGEST) + 0.15
    room = (WIDTH - 2 * names - NUMBERS - GAP - 2 * MARGIN) / 2
    places = [MARGIN + names, MARGIN + names + room + NUMBERS + GAP]
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
    meaning = f"a point is a run, a bar the mean, a line its 95 % interval (Student's t); {measure.words}"
    return f"Look at whether the intervals overlap · {meaning}"


def _draw_points(axes: Axes, found: Sequence[Standing], measure: Measure) -> None:
    """A row for each variant, the first on top."""
    _clean(axes, "x")
    for row, standing in enumerate(found):
        _draw_variant(axes, row, standing)
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_yticks(range(len(found)), [shorten(standing.variant, LONGEST) for standing in found])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=TICKS))
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
    _draw_numbers(axes, row, standing)


def _draw_numbers(axes: Axes, row: int, standing: Standing) -> None:
    """Mean and standard deviation beside a row, and how many of its runs have failed."""
    beside = axes.get_yaxis_transform()
    mean, deviation = standing.mean, standing.deviation
    spread = "" if math.isnan(deviation) else f" ± {decimals(deviation, deviation)}"
    text = f"{decimals(mean, deviation)}{spread}"
    axes.text(1.04, row, text, transform=beside, size=TEXT, color=INK, va="center")
    if standing.failed:
        words = f"{len(standing.failed)} of {len(standing.trials)} failed"
        axes.text(1.04, row + 0.36, words, transform=beside, size=TEXT - 2, color=ALARM, va="center")


def _draw_curves(axes: Axes, found: Sequence[Standing], measure: Measure) -> None:
    """The metric in validation as training went on: each run thin, their mean thick."""
    _clean(axes, "y")
    name = f"val/{measure.name.partition('/')[2]}"
    axes.set_title(f"{name}, as training went on", size=TEXT, color=QUIET, loc="left", pad=9)
    ends: list[tuple[float, str, str]] = []
    for row, standing in enumerate(found):
        look = of_run(row)
        logged = [curves_of(Path(trial.folder)) for trial in standing.trials if trial.folder]
        curves = [every[name] for every in logged if name in every]
        for curve in curves:
            axes.plot(curve.steps, curve.values, color=look.colour, linewidth=0.7, alpha=0.4)
        steps, mean = _mean(curves)
        marker = "o" if len(steps) <= FEW else ""
        axes.plot(steps, mean, color=look.colour, linewidth=2, marker=marker, markersize=3.5)
        ends += [(mean[-1], standing.variant, look.colour)] if mean and math.isfinite(mean[-1]) else []
    axes.set_xlim(left=0)
    axes.set_xlabel("optimiser step", size=TEXT, color=QUIET)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=TICKS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=TICKS))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    if ends:
        _name_ends(axes, ends)
    else:
        axes.text(0.5, 0.5, "none was kept", transform=axes.transAxes, size=TEXT, color=QUIET, ha="center")


def _name_ends(axes: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Writes the names of curves beside their ends, moved apart as far as it takes to be read.

    Args:
        axes: Where the curves are.
        ends: The last value of each, its name and its colour.
    """
    height = axes.get_window_extent().height * 72 / axes.figure.dpi
    to_share = axes.transData + axes.transAxes.inverted()
    wanted = sorted(
        (float(to_share.transform((0, value))[1]) * height, name, colour) for value, name, colour in ends
    )
    for up, (_, name, colour) in zip(spread([one[0] for one in wanted], LINE, height), wanted, strict=True):
        words = shorten(name, LONGEST)
        axes.text(1.03, up / height, words, transform=axes.transAxes, size=TEXT, color=colour, va="center")


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
