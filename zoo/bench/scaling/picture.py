"""The picture of how a training step grows, and of what cells cost."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from zoo.bench.scaling.exponents import Exponent
from zoo.bench.scaling.sweep import AXES, CELL, Point
from zoo.bench.setting import Shape
from zoo.pictures.canvas import paint
from zoo.pictures.description import Axis, Line, PanelRow, Picture, Plot, log_axis
from zoo.pictures.looks import GREY, GREY_DARK, RUNS, RUNS_DARK, Look
from zoo.runs.atomic_file import atomic_file

WORDS = {"T": "steps T", "B": "sequences B", "H": "width H", "L": "layers L"}
MIB = 2**20
PANEL, CELL_ROW = 1.7, 0.17
"""Inches that a panel and that a cell's row are high."""
TICKS = 4
"""On a horizontal axis."""


def draw(points: Sequence[Point], found: Sequence[Exponent], base: Shape, load: str, path: Path) -> None:
    """Writes the picture, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    with atomic_file(path) as file:
        paint(scaling_picture(points, found, base, load)).savefig(file, format="png")


def scaling_picture(
    points: Sequence[Point], found: Sequence[Exponent], base: Shape, load: str = ""
) -> Picture:
    """Time and memory against each size, and the cost of cells.

    Args:
        points: All that was timed.
        found: The exponents.
        base: What stays where one size grows.
        load: Of the machine, while it was timed.
    """
    swept = [each for each in points if each.axis in AXES]
    memory = [each.memory / MIB for each in swept if each.memory]
    rows = [_row("Time of a training step, ms", "ms", swept, [each.seconds * 1e3 for each in swept])]
    if memory:
        rows.append(_row("Memory of a training step at its peak, MiB", "MiB", swept, memory))
    compared = [each for each in points if each.axis == CELL]
    if compared:
        rows.append(_cost_row(compared))
    first = found[0].line
    slopes = {each.axis: each.time for each in found if each.line == first}
    return Picture(title=_finding(first, slopes), subtitle=_subtitle(base, load), rows=rows)


def _finding(name: str, slopes: Mapping[str, float]) -> str:
    powers = ", ".join(f"{axis}^{value:.2f}" for axis, value in slopes.items())
    return f"{name}: a training step takes longer as {powers}"


def _subtitle(base: Shape, load: str) -> str:
    """What to look at, and what stays."""
    stays = f"T {base.steps}, B {base.batch_size}, H {base.width}, one layer"
    words = f"Look at slopes and at the gap to the floor, the products alone · otherwise {stays}"
    return f"{words} · load {load}" if load else words


def _row(title: str, unit: str, points: Sequence[Point], values: Sequence[float]) -> PanelRow:
    """A panel for each axis."""
    up = log_axis(unit, [np.array(values)], most=5)
    plots = [
        Plot(
            title=WORDS[axis],
            across=log_axis(WORDS[axis], [np.array(sizes, float)], most=TICKS),
            up=up,
            lines=_lines([each for each in points if each.axis == axis], unit),
        )
        for axis, sizes in AXES.items()
    ]
    return PanelRow(title=title, height=PANEL, plots=plots, named=True)


def _lines(points: Sequence[Point], unit: str) -> list[Line]:
    """A line for each contender, in milliseconds or mebibytes."""
    looks = _looks(points)
    found = []
    for name in dict.fromkeys(each.line for each in points):
        mine = [each for each in points if each.line == name and (unit == "ms" or each.memory)]
        if mine:
            y = [each.seconds * 1e3 if unit == "ms" else (each.memory or 0) / MIB for each in mine]
            x = np.array([each.value for each in mine], float)
            short = name.replace(", products only", " floor")
            found.append(Line(name=short, x=x, y=np.array(y), look=looks[name]))
    return found


def _looks(points: Sequence[Point]) -> dict[str, Look]:
    """A colour for each cell, its floor dotted; torch's layers in grey, dashed."""
    cells = list(dict.fromkeys(each.composition for each in points))
    looks = {}
    for each in points:
        place = cells.index(each.composition) % len(RUNS)
        look = Look(colour=RUNS[place], dark=RUNS_DARK[place])
        if each.contender.kind == "floor":
            look = Look(colour=look.colour, dark=look.dark, dash="dot")
        elif each.contender.kind == "torch":
            look = Look(colour=GREY, dark=GREY_DARK, dash="dash")
        looks[each.line] = look
    return looks


def _cost_row(points: Sequence[Point]) -> PanelRow:
    """Cells one above the other, the quickest at the bottom, each with its floor."""
    engines = sorted(
        (each for each in points if each.contender.kind == "engine"), key=lambda each: each.seconds
    )
    names = [each.composition for each in engines]
    floor = {each.composition: each.seconds for each in points if each.contender.kind == "floor"}
    torch = [each for each in points if each.contender.kind == "torch"]
    rows, ends = np.arange(len(names), dtype=float), np.array([-0.5, len(names) - 0.5])
    blue = Look(colour=RUNS[0], dark=RUNS_DARK[0], dash="none")
    grey = Look(colour=GREY, dark=GREY_DARK, dash="dash")
    lines = [
        Line(name="cell", x=np.array([each.seconds * 1e3 for each in engines]), y=rows, look=blue),
        Line(
            name="floor",
            x=np.array([floor[name] * 1e3 for name in names]),
            y=rows,
            look=Look(colour=RUNS[1], dark=RUNS_DARK[1], dash="none"),
        ),
        *(Line(name=each.line, x=np.full(2, each.seconds * 1e3), y=ends, look=grey) for each in torch),
    ]
    across = log_axis("ms of a training step", [line.x for line in lines])
    up = Axis(title="", ends=(-0.7, len(names) - 0.3), ticks=tuple(zip(rows.tolist(), names, strict=True)))
    beside = ", ".join(f"{each.line} dashed" for each in torch)
    return PanelRow(
        title=f"Cost of a cell: its training step in blue, its floor in orange{', ' * bool(beside)}{beside}",
        height=CELL_ROW * len(names) + 0.2,
        plots=[Plot(title="cells", across=across, up=up, lines=lines)],
    )
