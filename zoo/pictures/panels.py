"""Parts that the pictures share: panels on one time axis, logarithmic axes, labels beside their lines."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int, Shaped
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

INK, QUIET, GRID = "#222222", "#666666", "#e6e6e6"
TEXT = 9
"""Points; at 800 pixels of width a letter is 12 pixels high."""

LEFT, RIGHT = 1.05, 1.25
"""Margins in inches, for the names of layers."""

MOST_DECADES = 40
"""What a logarithmic axis shows at most."""

LINE = 11.5
"""Points from one label to the next below it."""


def panel(figure: Figure, bottom: float, height: float) -> Axes:
    """An empty panel of the figure, over its full width.

    Args:
        figure: Where it goes.
        bottom: Inches from the bottom of the figure.
        height: In inches.
    """
    wide, high = figure.get_size_inches()
    axes: Axes = figure.add_axes((LEFT / wide, bottom / high, 1 - (LEFT + RIGHT) / wide, height / high))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)
    axes.tick_params(labelsize=TEXT, color=QUIET, labelcolor=QUIET)
    axes.grid(visible=True, axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    return axes


def heading(axes: Axes, text: str) -> None:
    """Says above a panel what it shows."""
    axes.annotate(
        text,
        (0, 1),
        (-LEFT * 72 + 9, 7),
        xycoords="axes fraction",
        textcoords="offset points",
        size=TEXT + 0.5,
        weight="bold",
        color=INK,
    )


def span(axes: Axes, steps: Int[np.ndarray, " columns"]) -> Float[np.ndarray, " edges"]:
    """Makes the steps the horizontal axis.

    Returns:
        The edges between the columns of a map, half-way between the steps.
    """
    between = (steps[1:] + steps[:-1]) / 2
    first, last = (between[0], between[-1]) if len(between) else (steps[0] + 0.5, steps[0] - 0.5)
    edges = np.concatenate([[2 * steps[0] - first], between, [2 * steps[-1] - last]])
    axes.set_xlim(edges[0], edges[-1])
    ticks = MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]).tick_values(steps[0], steps[-1])
    kept = (
        [int(tick) for tick in ticks if steps[0] <= tick <= edges[-1]] if len(steps) > 1 else [int(steps[0])]
    )
    axes.set_xticks(kept, [f"{tick:,}" for tick in kept])
    return edges


def log_axis(axes: Axes, values: Shaped[np.ndarray, "..."]) -> None:
    """Makes the vertical axis logarithmic, just wide enough for the positive values, with ticks that suit."""
    seen = values[values > 0]
    high = float(seen.max()) if seen.size else 1.0
    low = max(float(seen.min()), high / 10**MOST_DECADES) if seen.size else 0.1
    decades = math.log10(high) - math.log10(low)
    room = 10 ** max(0.06 * decades, 0.08)
    axes.set_yscale("log")
    axes.set_ylim(low / room, high * room)
    write = number
    if decades > 1.6:
        axes.yaxis.set_major_locator(LogLocator(numticks=7))
        write = power
    elif decades > 0.4:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=12))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))


def number(value: float) -> str:
    r"""A number as a person writes it: 0.05, 2, $3\cdot10^{-6}$."""
    if value == 0 or 1e-2 <= abs(value) < 1e4:
        return f"{value:.4g}"
    exponent = math.floor(math.log10(abs(value)))
    factor = f"{value / 10.0**exponent:.3g}"
    return power(value) if factor == "1" else rf"${factor}\cdot10^{{{exponent}}}$"


def power(value: float) -> str:
    """The power of ten at or below a number, $10^{-6}$."""
    return f"$10^{{{math.floor(math.log10(abs(value)) + 1e-9)}}}$"


def label_right(
    axes: Axes,
    steps: Int[np.ndarray, " columns"],
    lines: Mapping[str, Float[np.ndarray, " columns"]],
    colours: Mapping[str, str],
) -> None:
    """Writes the name of each line beside its end, moved up or down as far as it takes to be read.

    Nothing leads to the name of a line that ends before the last step, for there it has no value. Where there
    are more lines than rows of text, evenly chosen ones are named, the outermost among them.
    """
    ends = {name: np.flatnonzero(values > 0) for name, values in lines.items()}
    last = {name: where[-1] for name, where in ends.items() if where.size}
    named = [(float(lines[name][column]), int(steps[column]), name) for name, column in last.items()]
    height = axes.get_window_extent().height * 72 / axes.figure.dpi
    kept = _evenly(sorted(named), int(height / LINE))
    to_points = axes.transData + axes.transAxes.inverted()
    starts = [np.clip(to_points.transform((step, value)), 0, 1) for value, step, _ in kept]
    places = spread([start[1] * height for start in starts], LINE, height)
    for (_, step, name), start, place in zip(kept, starts, places, strict=True):
        colour = colours[name]
        if step == steps[-1]:
            axes.plot(
                [start[0], 1.0, 1.03],
                [start[1], start[1], place / height],
                transform=axes.transAxes,
                color=colour,
                linewidth=0.6,
                alpha=0.7,
                clip_on=False,
            )
        axes.text(
            1.04,
            place / height,
            shorten(name, 13),
            transform=axes.transAxes,
            size=TEXT,
            color=colour,
            va="center",
        )


def trend(values: Float[np.ndarray, " columns"], window: int) -> Float[np.ndarray, " columns"]:
    """The running median over so many values, centred; gaps stay gaps."""
    reach = window // 2
    padded = np.pad(values, reach, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    known = ~np.isnan(values)
    smooth = np.full(len(values), np.nan)
    smooth[known] = np.nanmedian(windows[known], axis=1)
    return smooth


def shorten(name: str, letters: int) -> str:
    """The name, or as much of its end as fits."""
    return name if len(name) <= letters else "…" + name[-(letters - 1) :]


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


def _evenly(items: list[tuple[float, int, str]], room: int) -> list[tuple[float, int, str]]:
    if len(items) <= room:
        return items
    chosen = np.linspace(0, len(items) - 1, max(room, 2)).round().astype(int)
    return [items[index] for index in chosen]
