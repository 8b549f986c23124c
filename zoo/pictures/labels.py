"""Names of lines beside their ends, moved apart as far as it takes to be read."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from zoo.pictures.description import Plot
from zoo.pictures.marks import TEXT
from zoo.pictures.wording import shorten

LINE = 11.5
"""Points from one label to the next below it."""

End = tuple[float, float, str]
"""Where a line ends: its last value, at which place, and the line's name."""


def label_right(axes: Axes, plot: Plot) -> None:
    """Writes the name of each line beside its end, moved up or down as far as it takes to be read.

    Nothing leads to the name of a line that ends before the last place, for there it has no value. Where
    there are more lines than rows of text, evenly chosen ones are named, the outermost among them.
    """
    last = max((line.x[-1] for line in plot.lines if len(line.x)), default=0)
    looks = {line.name: line.look for line in plot.lines}
    height = axes.get_window_extent().height * 72 / axes.figure.dpi
    kept = _evenly(sorted(_ends(plot)), int(height / LINE))
    to_points = axes.transData + axes.transAxes.inverted()
    starts = [np.clip(to_points.transform((place, value)), 0, 1) for value, place, _ in kept]
    heights = spread([start[1] * height for start in starts], LINE, height)
    for (_, place, name), start, up in zip(kept, starts, heights, strict=True):
        if place == last:
            _lead(axes, start, up / height, looks[name].colour)
        axes.text(
            1.04,
            up / height,
            shorten(name, 13),
            transform=axes.transAxes,
            size=TEXT,
            color=looks[name].colour,
            va="center",
        )


def _ends(plot: Plot) -> list[End]:
    ends = []
    for line in plot.lines:
        known = np.flatnonzero(line.y > 0)
        if known.size:
            ends.append((float(line.y[known[-1]]), float(line.x[known[-1]]), line.name))
    return ends


def _lead(axes: Axes, start: Float[np.ndarray, " 2"], up: float, colour: str) -> None:
    """A thin line from the end of a line to its name."""
    axes.plot(
        [start[0], 1.0, 1.03],
        [start[1], start[1], up],
        transform=axes.transAxes,
        color=colour,
        linewidth=0.6,
        alpha=0.7,
        clip_on=False,
    )


def spread(wanted: Sequence[float], gap: float, height: float) -> list[float]:
    """Places at least `gap` apart and inside 0 to `height`, as near as can be to those wanted.

    Args:
        wanted: In ascending order.
        gap: From one place to the next.
        height: Of the room.
    """
    # Without the gaps this is isotonic regression, solved by pooling neighbours that are out of order.
    groups: list[tuple[float, int]] = []
    for index, place in enumerate(wanted):
        total, count = place - index * gap, 1
        while groups and groups[-1][0] / groups[-1][1] > total / count:
            total, count = total + groups[-1][0], count + groups.pop()[1]
        groups.append((total, count))
    level = [total / count for total, count in groups for _ in range(count)]
    ceiling = height - gap * (len(wanted) - 1)
    return [max(min(place, ceiling), 0.0) + index * gap for index, place in enumerate(level)]


def _evenly(items: list[End], room: int) -> list[End]:
    if len(items) <= room:
        return items
    chosen = np.linspace(0, len(items) - 1, max(room, 2)).round().astype(int)
    return [items[index] for index in chosen]
