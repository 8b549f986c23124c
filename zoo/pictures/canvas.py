"""Draws what `zoo.pictures.description` describes with matplotlib, for the files of a run."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from zoo.pictures.description import PanelRow, Picture
from zoo.pictures.labels import label_right
from zoo.pictures.looks import ALARM
from zoo.pictures.marks import QUIET, TEXT, draw, draw_bar

INK, GRID = "#222222", "#e6e6e6"

WIDTH, DPI = 8.0, 200
LEFT, RIGHT = 1.05, 1.25
"""Margins in inches, for the names of layers."""

ABOVE, HEAD, NAME, BAR, GAP, GUTTER, AXIS, BELOW = 0.58, 0.45, 0.19, 0.2, 0.12, 0.35, 0.35, 0.15
"""Room in inches: for the finding, above rows, for the names of columns, for the colours; between rows that
go on and between columns; for a horizontal axis; below."""

BAR_WIDTH = 1.9

TITLE = 74
"""Letters of a title that fit the width in full size."""


def paint(picture: Picture) -> Figure:
    """The whole picture."""
    across = [row.plots[0].across for row in picture.rows]
    lowest = [one != other for one, other in zip(across, [*across[1:], None], strict=True)]
    rooms = [_room(row) for row in picture.rows]
    height = ABOVE + sum(rooms) + sum(row.height for row in picture.rows) + AXIS * sum(lowest) + BELOW
    figure, top = _sheet(height, picture), height - ABOVE
    for row, room, ends in zip(picture.rows, rooms, lowest, strict=True):
        bottom = top - room - row.height
        if row.title:
            _draw_head(figure, bottom + row.height, room, row, picture)
        _draw_row(figure, bottom, row, ends)
        top = bottom - (AXIS if ends else 0.0)
    return figure


def _sheet(height: float, picture: Picture) -> Figure:
    """An empty picture, so many inches high, with its main finding above."""
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    left, size = 0.125 / WIDTH, 13 * min(1.0, TITLE / len(picture.title))
    figure.text(left, 1 - 0.14 / height, picture.title, size=size, weight="bold", color=INK, va="top")
    figure.text(left, 1 - 0.42 / height, picture.subtitle, size=TEXT, color=QUIET, va="top")
    return figure


def _room(row: PanelRow) -> float:
    """Inches above a row."""
    names, colours = NAME * (len(row.plots) > 1), BAR * (row.plots[0].map is not None)
    return HEAD + names + colours if row.title else GAP


def _draw_head(figure: Figure, bottom: float, room: float, row: PanelRow, picture: Picture) -> None:
    """Says above a row what it shows, which column is what, and what colours mean."""
    high, several, shown = figure.get_figheight(), len(row.plots) > 1, row.plots[0].map
    at, size = (bottom + room - HEAD + 0.1) / high, TEXT + 0.5
    figure.text(0.125 / WIDTH, at, row.title, size=size, weight="bold", color=INK)
    for column, plot in enumerate(row.plots if several else ()):
        left, _ = _across(row, column)
        figure.text(left / WIDTH, (bottom + 0.06) / high, plot.title, size=TEXT, color=QUIET, va="bottom")
    if shown is not None:
        left, low = WIDTH - RIGHT - BAR_WIDTH, bottom + (NAME if several else 0.06)
        draw_bar(figure.add_axes((left / WIDTH, (low + 0.02) / high, BAR_WIDTH / WIDTH, 0.09 / high)), shown)
        maps = [plot.map for other in picture.rows for plot in other.plots if plot.map is not None]
        if any(bool(np.isinf(one.values).any()) for one in maps):
            right = 1 - (RIGHT - 0.1) / WIDTH
            figure.text(right, low / high, "■ NaN or inf", size=TEXT, color=ALARM)


def _draw_row(figure: Figure, bottom: float, row: PanelRow, lowest: bool) -> None:
    """The plots of a row; the horizontal axis is named only below the lowest that has it."""
    for column, plot in enumerate(row.plots):
        axes = _panel(figure, bottom, row, column)
        draw(axes, plot)
        axes.tick_params(axis="x", labelbottom=lowest)
        axes.set_xlabel(plot.across.title if lowest else "", size=TEXT, color=QUIET)
        if column:
            axes.tick_params(axis="y", labelleft=False, length=0)
    if row.named:
        label_right(axes, plot)
    words, colour = row.label
    if words:
        axes.text(1.04, 0.5, words, transform=axes.transAxes, size=TEXT, color=colour, va="center")


def _across(row: PanelRow, column: int) -> tuple[float, float]:
    """Where a column begins, and how wide it is, in inches."""
    count = len(row.plots)
    width = (WIDTH - LEFT - RIGHT - GUTTER * (count - 1)) / count
    return LEFT + column * (width + GUTTER), width


def _panel(figure: Figure, bottom: float, row: PanelRow, column: int) -> Axes:
    """An empty panel."""
    (left, width), high = _across(row, column), figure.get_figheight()
    axes: Axes = figure.add_axes((left / WIDTH, bottom / high, width / WIDTH, row.height / high))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)
    axes.tick_params(labelsize=TEXT, color=QUIET, labelcolor=QUIET)
    axes.grid(visible=True, axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    return axes
