"""The gradients through time of a run as arrays over lags and steps, and what they say in words."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

from zoo.diagnostics.lag_record import LagRecord, shares_beyond
from zoo.pictures.captions import SUPERSCRIPTS
from zoo.pictures.panels import shorten
from zoo.runs.lag_records import in_order

MOST_COLUMNS = 400
"""Measured steps from twice as many on only some are shown."""

ALIKE = math.log10(2)
"""Decades between two gradients up to which they count as about as large."""


@final
@dataclass(frozen=True, kw_only=True)
class LagMaps:
    """How far gradients went back in time over a run.

    Attributes:
        steps: Optimiser step of each column.
        states: Layer and direction -> norm of the gradient of h. NaN where there is no such lag, infinite
            where the norm was not finite.
        shares: The share of the recurrent weights' gradient from beyond each lag, in the last step. NaN where
            there is no gradient; nothing for cells without such weights.
    """

    steps: Int[np.ndarray, " columns"]
    states: Mapping[tuple[str, str], Float[np.ndarray, "_lags columns"]]
    shares: Mapping[tuple[str, str], Float[np.ndarray, " _lags"]]

    @property
    def layers(self) -> list[str]:
        """Names of the layers, from the input on."""
        return list(dict.fromkeys(layer for layer, _ in self.states))

    @property
    def directions(self) -> list[str]:
        """Those that any layer has."""
        return list(dict.fromkeys(direction for _, direction in self.states))

    @property
    def lags(self) -> int:
        """How many there are in the longest measured sequence."""
        return max((len(table) for table in self.states.values()), default=0)


def lag_maps(records: Iterable[LagRecord]) -> LagMaps:
    """The records of one run side by side.

    Raises:
        ValueError: there is no record.
    """
    run = in_order(records, MOST_COLUMNS)
    if not run:
        raise ValueError("no record of gradients through time; expected at least one")
    keys = dict.fromkeys(key for record in run for key in record.weight)
    last = run[-1]
    shares = {
        _named(key): np.array(shares_beyond(norms, last.rest.get(key, 0.0)))
        for key, norms in last.weight.items()
        if norms
    }
    return LagMaps(
        steps=np.array([record.step for record in run], dtype=np.int64),
        states={_named(key): _table([record.state.get(key, []) for record in run]) for key in keys},
        shares=shares,
    )


def headline(maps: LagMaps) -> str:
    """The main finding: how much less, or more, gradient arrives at the far end of a sequence."""
    ends = {key: _ends(table[:, -1]) for key, table in maps.states.items()}
    known = {key: end for key, end in ends.items() if end is not None}
    if not known:
        return "Gradient through time, by layer"
    (layer, direction), (decades, lag) = max(known.items(), key=lambda item: abs(item[1][0]))
    layer = shorten(layer, 24)
    back = f"{lag} step{'s' if lag > 1 else ''} back"
    if abs(decades) <= ALIKE:
        return f"The gradient is about as large {back} as at the last step, in all layers"
    where = f"{layer}, {direction}," if len(maps.directions) > 1 else layer
    return f"In {where} the gradient is {_times(decades)} {back} than at the last step"


def subtitle(maps: LagMaps) -> str:
    """How often it was measured."""
    count = len(maps.steps)
    last = f"step {maps.steps[-1]:,}"
    return f"measured in {count} steps, the last of them {last}" if count > 1 else f"measured in {last}"


def _named(key: str) -> tuple[str, str]:
    layer, _, direction = key.partition("/")
    return layer.replace("_", " "), direction


def _table(columns: list[list[float]]) -> Float[np.ndarray, "lags columns"]:
    table = np.full((max(map(len, columns)), len(columns)), np.nan)
    for place, norms in enumerate(columns):
        # In the records NaN says that a norm was not finite, here that there is none.
        table[: len(norms), place] = np.nan_to_num(norms, nan=np.inf)
    return table


def _ends(norms: Float[np.ndarray, " lags"]) -> tuple[float, int] | None:
    """Decades from the first to the last gradient, and the lag of the last; None where there are not two."""
    lags = np.flatnonzero(~np.isnan(norms))
    if len(lags) < 2 or not np.isfinite(norms[lags]).all() or norms[0] <= 0:
        return None
    least = np.finfo(np.float64).tiny
    return math.log10(max(norms[lags[-1]], least)) - math.log10(norms[0]), int(lags[-1])


def _times(decades: float) -> str:
    size = abs(decades)
    factor = (
        f"{float(f'{10**size:.2g}'):,.4g}"
        if size < 4
        else f"10{str(math.floor(size)).translate(SUPERSCRIPTS)}"
    )
    return f"{factor}× {'larger' if decades > 0 else 'smaller'}"
