"""What the pictures of all claims share: a finding above, quiet axes, colours that tell lines apart."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from zoo.claims.base import Claim, Measured, Number
from zoo.pictures.canvas import GRID, INK
from zoo.pictures.looks import RUNS
from zoo.pictures.marks import QUIET, TEXT
from zoo.runs.atomic_file import atomic_file

WIDTH, HEIGHT, DPI = 8.0, 3.75, 110
ABOVE, BELOW, SIDE, BETWEEN = 1.1, 0.55, 0.8, 0.75
"""Inches around and between panels."""
TITLE = 66
"""Letters of a title that fit the width in full size."""
SUBTITLE = 108
"""Letters of a line of what is said below it."""


def picture(claim: Claim, found: Measured) -> Figure:
    """What was found, with the finding above it."""
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    claim.draw(found, figure)
    titled(figure, claim, found)
    return figure


def titled(figure: Figure, claim: Claim, found: Measured) -> None:
    """Says above a picture what was found, and what was run."""
    high, title = figure.get_figheight(), claim.finding(found)
    left, size = 0.125 / WIDTH, 13 * min(1.0, TITLE / len(title))
    figure.text(left, 1 - 0.13 / high, title, size=size, weight="bold", color=INK, va="top")
    words = "\n".join(wrap(f"{claim.key.upper()}: {claim.ran}", SUBTITLE))
    figure.text(left, 1 - 0.42 / high, words, size=TEXT, color=QUIET, va="top")


def save(figure: Figure, path: Path) -> None:
    """Writes a picture, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    with atomic_file(path) as file:
        figure.savefig(file, format="png")


def panels(figure: Figure, *titles: str, left: float = SIDE) -> list[Axes]:
    """Empty panels side by side, each with what it shows above it, `left` inches from the edge."""
    high, count = figure.get_figheight(), len(titles)
    width = (WIDTH - left - SIDE - BETWEEN * (count - 1)) / count
    found = []
    for place, title in enumerate(titles):
        begin = left + place * (width + BETWEEN)
        box = (begin / WIDTH, BELOW / high, width / WIDTH, (high - ABOVE - BELOW) / high)
        axes: Axes = figure.add_axes(box)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color(QUIET)
        axes.tick_params(labelsize=TEXT, color=QUIET, labelcolor=QUIET, length=3)
        axes.grid(visible=True, axis="y", color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_title(title, size=TEXT + 0.5, color=INK, loc="left", pad=7)
        found.append(axes)
    return found


def line(axes: Axes, x: np.ndarray, y: np.ndarray, name: str, index: int, **looks: Any) -> None:
    """A line in the colour of its number, with its name for the legend."""
    axes.plot(x, y, **{"color": RUNS[index % len(RUNS)], "linewidth": 1.6, "label": name, **looks})


def band(axes: Axes, x: np.ndarray, numbers: Sequence[Number], name: str, index: int) -> None:
    """A line of means with their points, and the spread over seeds around it."""
    y = np.array([number.value for number in numbers])
    spread = np.array([number.spread or 0.0 for number in numbers])
    line(axes, x, y, name, index, marker="o", markersize=4)
    axes.fill_between(x, y - spread, y + spread, color=RUNS[index % len(RUNS)], alpha=0.15, linewidth=0)


def across(axes: Axes, title: str) -> None:
    """Says what the horizontal axis is."""
    axes.set_xlabel(title, size=TEXT, color=QUIET)


def legend(axes: Axes, **where: Any) -> None:
    """Names the lines."""
    axes.legend(fontsize=TEXT, frameon=False, labelcolor=INK, **where)
