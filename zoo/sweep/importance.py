"""Which options matter: a bar for each."""

from collections.abc import Mapping

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from zoo.comparison.measure import Measure
from zoo.pictures.canvas import DPI, INK
from zoo.pictures.looks import RUNS
from zoo.pictures.marks import QUIET, TEXT
from zoo.pictures.wording import shorten

WIDTH, ROW, ABOVE, BELOW, NAMES, NUMBERS = 7.0, 0.36, 0.85, 0.2, 2.0, 0.7
"""In inches: the picture's width, a bar's height, room above and below, for names and for numbers."""
LETTERS = 28


def paint_importance(importances: Mapping[str, float], measure: Measure) -> Figure:
    """The picture, what matters most on top.

    Args:
        importances: Option -> its share of 1.
        measure: What was made better.
    """
    order = sorted(importances.items(), key=lambda item: -item[1])
    height = ROW * len(order) + ABOVE + BELOW
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    headline = f"{shorten(order[0][0], LETTERS)} matters most for {measure.name}"
    figure.text(0.02, 1 - 0.14 / height, headline, size=13, weight="bold", color=INK, va="top")
    said = "how much of its variance over the space each option explains (functional ANOVA), of 100 %"
    figure.text(0.02, 1 - 0.42 / height, said, size=TEXT, color=QUIET, va="top")
    wide = WIDTH - NAMES - NUMBERS
    axes = figure.add_axes((NAMES / WIDTH, BELOW / height, wide / WIDTH, ROW * len(order) / height))
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(QUIET)
    axes.barh(range(len(order)), [share for _, share in order], height=0.62, color=RUNS[0])
    axes.set_yticks(range(len(order)), [shorten(name, LETTERS) for name, _ in order])
    axes.tick_params(axis="y", length=0, labelcolor=INK, labelsize=TEXT)
    axes.set_xticks([])
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.set_xlim(0, max(order[0][1], 1e-9))
    for row, (_, share) in enumerate(order):
        axes.text(share + 0.01 * order[0][1], row, f"{share:.0%}", va="center", size=TEXT, color=INK)
    return figure
