"""Maps of the gradient over lag and training, all in the same colours."""

from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.ticker import MaxNLocator

from zoo.pictures.gradient_plot import ALARM
from zoo.pictures.lag_maps import LagMaps
from zoo.pictures.panels import QUIET, TEXT, number, span

MAP = "cividis"
"""Reads alike with and without colour blindness, and in grey."""

DARKEST = 1e-12
"""Below a trillionth of the largest value the colours would say no more than "nothing"."""

Ends: TypeAlias = tuple[float, float]
"""The sizes that the darkest and the brightest colour stand for."""


def ends_of(maps: LagMaps) -> Ends | None:
    """The colours' ends for all maps of a run; None where no gradient is above 0."""
    seen = np.concatenate([np.zeros(0), *(table[np.isfinite(table)] for table in maps.states.values())])
    seen = seen[seen > 0]
    if not seen.size:
        return None
    high = float(seen.max())
    return max(float(seen.min()), high * DARKEST) * 0.999, high * 1.001


def has_nonfinite(maps: LagMaps) -> bool:
    """Whether any gradient was NaN or infinite."""
    return any(bool(np.isinf(table).any()) for table in maps.states.values())


def draw_map(axes: Axes, maps: LagMaps, place: tuple[str, str], ends: Ends | None) -> None:
    """The map of one layer and direction: grey where there is no such lag, red where it was not finite."""
    edges = span(axes, maps.steps)
    axes.set_ylim(-0.5, max(maps.lags, 1) - 0.5)
    axes.set_yticks([0])
    if maps.lags > 1:
        axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.grid(visible=False)
    axes.set_facecolor("#f0f0f0")
    if place in maps.states:
        _fill(axes, edges, maps.states[place], ends)


def _fill(
    axes: Axes,
    edges: Float[np.ndarray, " edges"],
    table: Float[np.ndarray, "lags columns"],
    ends: Ends | None,
) -> None:
    rows = np.arange(len(table) + 1) - 0.5
    if ends is not None:
        shown = np.where(np.isfinite(table), np.maximum(table, ends[0]), np.nan)
        axes.pcolormesh(edges, rows, shown, norm=LogNorm(*ends), cmap=MAP, rasterized=True)
    if np.isinf(table).any():
        broken = np.where(np.isinf(table), 1.0, np.nan)
        axes.pcolormesh(edges, rows, broken, cmap=ListedColormap([ALARM]), rasterized=True)


def draw_bar(axes: Axes, ends: Ends) -> None:
    """What the colours mean."""
    mappable = ScalarMappable(LogNorm(*ends), MAP)
    bar = axes.figure.colorbar(mappable, cax=axes, orientation="horizontal", ticklocation="top")
    bar.outline.set_visible(False)
    ticks = _ticks(*ends)
    bar.set_ticks(ticks, labels=[number(tick) for tick in ticks])
    bar.ax.minorticks_off()
    bar.ax.tick_params(labelsize=TEXT, color=QUIET, labelcolor=QUIET, length=2, pad=1)


def _ticks(low: float, high: float) -> list[float]:
    """Up to four powers of ten between the ends, or the ends."""
    powers = np.arange(np.ceil(np.log10(low)), np.floor(np.log10(high)) + 1)
    if len(powers) < 2:
        return [low, high]
    return [float(10.0**power) for power in powers[:: -(-len(powers) // 4)]]
