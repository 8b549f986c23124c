"""Parallel coordinates: each trial as a line through what it chose, to what it came to."""

from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from zoo.comparison.measure import Measure
from zoo.pictures.canvas import DPI, INK
from zoo.pictures.looks import RUNS
from zoo.pictures.marks import MAP, QUIET, TEXT
from zoo.pictures.wording import number, shorten
from zoo.sweep.scale import Scale
from zoo.sweep.trial import SweepTrial, ranked

COLUMN, HIGH, ABOVE, BELOW, MARGIN = 1.75, 3.2, 1.0, 0.25, 0.55
"""In inches: from one axis to the next, their height, room above and below them, at the edges."""
LEAST = 7.0
"""Inches that the picture is wide at least, for its finding."""
LETTERS = 16
"""Of a word beside an axis, at most."""
JITTER = 0.012
"""How far lines through one choice lie apart, of the axis's height."""
AHEAD = RUNS[1]
"""The best trial."""


def paint_parallel(trials: Sequence[SweepTrial], scales: Sequence[Scale], measure: Measure) -> Figure:
    """The picture; the best trial is thick, and what was given up ends before the metric's axis.

    Args:
        trials: At least one of them has come to its end.
        scales: Of the options that vary.
        measure: What was made better.
    """
    order = ranked(trials, measure)
    result = Scale.over(measure.name, [trial.value for trial in order if trial.value is not None])
    width = max(LEAST, COLUMN * len(scales) + 2 * MARGIN + 0.9)
    height = HIGH + ABOVE + BELOW
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    finding = _headline(order[0], measure)
    figure.text(0.02, 1 - 0.14 / height, finding, size=13, weight="bold", color=INK, va="top")
    figure.text(0.02, 1 - 0.42 / height, _subtitle(measure), size=TEXT, color=QUIET, va="top")
    place = (MARGIN / width, BELOW / height, 1 - (2 * MARGIN + 0.9) / width, HIGH / height)
    axes = figure.add_axes(place)
    _clean(axes, len(scales))
    for at, scale in enumerate([*scales, result]):
        _draw_scale(axes, at, scale)
    _draw_trials(axes, trials, order, [*scales, result])
    return figure


def _headline(first: SweepTrial, measure: Measure) -> str:
    which = "highest" if measure.sign > 0 else "lowest"
    value = "" if first.value is None else f": {number(first.value)}"
    return f"Trial {first.number} has the {which} {measure.name}{value}"


def _subtitle(measure: Measure) -> str:
    return f"a line is a trial, the thick one the best; dotted ones were given up; {measure.words}"


def _clean(axes: Axes, last: int) -> None:
    axes.set_axis_off()
    axes.set_xlim(0, last)
    axes.set_ylim(-0.02, 1.02)


def _draw_scale(axes: Axes, at: int, scale: Scale) -> None:
    """An upright axis with its name above and its values beside it."""
    axes.plot([at, at], [0, 1], color=QUIET, linewidth=1, clip_on=False, zorder=3)
    name = shorten(scale.name, LETTERS + 4)
    side = "center" if at else "left"  # left of the first axis there is no room
    axes.text(at, 1.06, name, size=TEXT, color=INK, ha=side, weight="bold", clip_on=False)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8}
    beside: dict[str, Any] = {"size": TEXT, "color": INK, "va": "center", "bbox": box, "zorder": 4}
    for place, words in scale.ticks():
        axes.plot([at, at + 0.02], [place, place], color=QUIET, linewidth=1, clip_on=False, zorder=3)
        text = shorten(words, LETTERS)
        axes.text(at + 0.035, place, text, clip_on=False, **beside)


def _draw_trials(
    axes: Axes, trials: Sequence[SweepTrial], order: Sequence[SweepTrial], scales: Sequence[Scale]
) -> None:
    """Those that were given up first, then from the worst to the best."""
    *options, result = scales
    for trial in trials:
        if trial.outcome == "pruned":
            line = _line(trial, options)
            axes.plot(range(len(line)), line, color=QUIET, linewidth=1.2, linestyle=":")
    colours = matplotlib.colormaps[MAP]
    for place, trial in reversed(list(enumerate(order))):
        line = [*_line(trial, options), result.place(trial.value)]
        share = place / max(len(order) - 1, 1)  # by its rank, for one outlier would make all others alike
        colour, width, alpha = (AHEAD, 2.8, 1.0) if place == 0 else (colours(share), 1.2, 0.75)
        axes.plot(range(len(line)), line, color=colour, linewidth=width, alpha=alpha)


def _line(trial: SweepTrial, options: Sequence[Scale]) -> list[float]:
    """Where a trial crosses the axes; beside a choice, so that others through it are seen."""
    aside = JITTER * ((trial.number * 7) % 9 - 4)
    return [scale.place(trial.chosen[scale.name]) + (aside if scale.labels else 0.0) for scale in options]
