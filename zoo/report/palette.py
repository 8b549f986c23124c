"""Scales of colours for maps, light and dark."""

from typing import Any

from zoo.pictures.looks import RUNS, RUNS_DARK, VIRIDIS, channels


def density(dark: bool) -> list[list[Any]]:
    """A scale for shares, on which nothing is transparent and much is far from the page's own colour."""
    order = VIRIDIS if dark else VIRIDIS[::-1]
    last = len(order) - 1
    faded = [
        f"rgba({', '.join(map(str, channels(colour)))}, {min(0.3 + index / 4, 1)})"
        for index, colour in enumerate(order)
    ]
    return [[0, "rgba(0, 0, 0, 0)"], [0.002, faded[0]]] + [
        [index / last, faded[index]] for index in range(1, last + 1)
    ]


def parts(dark: bool) -> list[list[Any]]:
    """A scale for parts of a whole, which comes out of the page's own colour evenly."""
    order = VIRIDIS if dark else VIRIDIS[::-1]
    last = len(order) - 1
    tinted = (
        f"rgba({', '.join(map(str, channels(each)))}, {min(3 * k / last, 1):.2f})"
        for k, each in enumerate(order)
    )
    return [[k / last, colour] for k, colour in enumerate(tinted)]


def level() -> list[list[Any]]:
    """A scale for sizes."""
    return [[index / (len(VIRIDIS) - 1), colour] for index, colour in enumerate(VIRIDIS)]


def kinds_scale(count: int, dark: bool) -> list[list[Any]]:
    """A scale in steps for so many kinds, up to five, of which the first is nothing.

    Right is green and the others red and violet, of unlike brightness for those who see no difference there.
    """
    colours = RUNS_DARK if dark else RUNS
    used = ["rgba(0, 0, 0, 0)", colours[2], colours[1], colours[3], colours[4]][:count]
    return [[(k + side) / count, colour] for k, colour in enumerate(used) for side in (0, 1)]
