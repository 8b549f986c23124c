"""Colours that colour-blind readers tell apart, each with a second mark beside the colour."""

from collections.abc import Sequence
from typing import Any

from zoo.diagnostics.parameter_paths import depth_of

RUNS = ("#0072B2", "#D55E00", "#009E73", "#AA4499", "#B87A00", "#2E86C1", "#000000")
"""After Okabe and Ito (https://jfly.uni-koeln.de/color/), pale ones darkened to stand out on white."""

RUNS_DARK = ("#56B4E9", "#FF8B3D", "#1FC798", "#E59AC6", "#F0B429", "#9AD1F5", "#FFFFFF")
"""The same for a dark page."""

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "triangle-down")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")

VIRIDIS = (
    "#440154",
    "#482878",
    "#3e4989",
    "#31688e",
    "#26828e",
    "#1f9e89",
    "#35b779",
    "#6ece58",
    "#b5de2b",
    "#fde725",
)
"""Nine equal steps of matplotlib's viridis."""

ALARM = "#C1272D"
"""NaN and infinity, which also have a cross as their mark."""


def of_run(index: int) -> dict[str, Any]:
    """How the curves of a run look wherever they stand beside those of others."""
    place = index % len(RUNS)
    symbol = SYMBOLS[index % len(SYMBOLS)]
    return {"color": RUNS[place], "dark": RUNS_DARK[place], "symbol": symbol, "run": index}


def of_layers(layers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """From dark at the input to bright at the output, and grey and dashed for what is no layer of a stack."""
    stacked = [layer for layer in layers if depth_of(layer)]
    looks: dict[str, dict[str, Any]] = {}
    for index, layer in enumerate(stacked):
        place = index / max(len(stacked) - 1, 1)
        # The ends of the colours would vanish in a white or a dark page.
        looks[layer] = {"color": _between(0.78 * place), "dark": _between(0.35 + 0.65 * place)}
        looks[layer]["symbol"] = SYMBOLS[index % len(SYMBOLS)]
        looks[layer]["quiet"] = len(stacked) > 12 and index % -(-len(stacked) // 12) > 0
    others = [layer for layer in layers if layer not in looks]
    for index, layer in enumerate(others):
        dash = DASHES[1 + index % (len(DASHES) - 1)]
        looks[layer] = {"color": "#767676", "dark": "#9a9a9a", "dash": dash, "quiet": index >= 6}
    return looks


def density(dark: bool) -> list[list[Any]]:
    """A scale for shares, on which nothing is transparent and much is far from the page's own colour."""
    order = VIRIDIS if dark else VIRIDIS[::-1]
    last = len(order) - 1
    faded = [
        f"rgba({', '.join(map(str, _channels(colour)))}, {min(0.3 + index / 4, 1)})"
        for index, colour in enumerate(order)
    ]
    return [[0, "rgba(0, 0, 0, 0)"], [0.002, faded[0]]] + [
        [index / last, faded[index]] for index in range(1, last + 1)
    ]


def level() -> list[list[Any]]:
    """A scale for sizes."""
    return [[index / (len(VIRIDIS) - 1), colour] for index, colour in enumerate(VIRIDIS)]


def _between(place: float) -> str:
    """The colour at a place from 0 to 1."""
    last = len(VIRIDIS) - 1
    index = min(int(place * last), last - 1)
    part = place * last - index
    low, high = (_channels(VIRIDIS[index + side]) for side in (0, 1))
    mixed = [round(one + part * (two - one)) for one, two in zip(low, high, strict=True)]
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _channels(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
