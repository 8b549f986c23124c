"""Scales of colours for maps, light and dark."""

from typing import Any

from zoo.pictures.looks import VIRIDIS, channels


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


def level() -> list[list[Any]]:
    """A scale for sizes."""
    return [[index / (len(VIRIDIS) - 1), colour] for index, colour in enumerate(VIRIDIS)]
