"""What lines look like: colours that colour-blind readers tell apart, each with a second mark beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

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


GREY, GREY_DARK = "#767676", "#9a9a9a"


@final
@dataclass(frozen=True, kw_only=True)
class Look:
    """What a line looks like.

    Attributes:
        colour: On white.
        dark: On a dark page.
        dash: One of `DASHES`; or "none", which leaves its points alone.
        symbol: One of `SYMBOLS`, on its points where there are few or several lines share a colour; or "".
        quiet: Whether a legend leaves it out, for it is one of many.
    """

    colour: str
    dark: str
    dash: str = "solid"
    symbol: str = ""
    quiet: bool = False

    def of(self, direction: str) -> "Look":
        """The same for one direction of a layer: the backward one is dashed."""
        return replace(self, dash="dash") if direction == "backward" else self


BEFORE = Look(colour=GREY, dark=GREY_DARK, dash="dot")
AFTER = Look(colour=RUNS[0], dark=RUNS_DARK[0])
"""Norms before and after clipping."""


def of_run(index: int) -> Look:
    """How the curves of a run look wherever they stand beside those of others."""
    place = index % len(RUNS)
    return Look(colour=RUNS[place], dark=RUNS_DARK[place], symbol=SYMBOLS[index % len(SYMBOLS)])


def of_layers(layers: Sequence[str]) -> dict[str, Look]:
    """From dark at the input to bright at the output, and grey and dashed for what is no layer of a stack."""
    stacked = [layer for layer in layers if depth_of(layer)]
    looks: dict[str, Look] = {}
    for index, layer in enumerate(stacked):
        place = index / max(len(stacked) - 1, 1)
        looks[layer] = Look(
            # The ends of the colours would vanish in a white or a dark page.
            colour=_between(0.78 * place),
            dark=_between(0.35 + 0.65 * place),
            symbol=SYMBOLS[index % len(SYMBOLS)],
            quiet=len(stacked) > 12 and index % -(-len(stacked) // 12) > 0,
        )
    others = [layer for layer in layers if layer not in looks]
    for index, layer in enumerate(others):
        dash = DASHES[1 + index % (len(DASHES) - 1)]
        looks[layer] = Look(colour=GREY, dark=GREY_DARK, dash=dash, quiet=index >= 6)
    return looks


def _between(place: float) -> str:
    """The colour at a place from 0 to 1."""
    last = len(VIRIDIS) - 1
    index = min(int(place * last), last - 1)
    part = place * last - index
    low, high = (channels(VIRIDIS[index + side]) for side in (0, 1))
    mixed = [round(one + part * (two - one)) for one, two in zip(low, high, strict=True)]
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def channels(colour: str) -> list[int]:
    """Red, green and blue of a colour."""
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
