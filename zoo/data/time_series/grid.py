"""Regular series with steps that are lacking: which they are, and how they become missing values."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, final

import numpy as np
from jaxtyping import Integer

from zoo.data.time_series.frame import OneSeries
from zoo.data.time_series.times import Ticks, plain

NEAR = 0.01
"""How far from a multiple of the usual step, in steps, a time may be."""
MOST_LACKING = 1.0
"""Lacking steps for each that is there, up to which a series is a regular one."""


@final
class Grid(NamedTuple):
    """Where the steps of a series stand on a regular one.

    Attributes:
        places: (T,), that of each step, from 0 and ascending.
        times: Of all steps, those that are lacking included.
        by_months: Whether steps are months: all times are on one day of a month, or on its last.
    """

    places: Integer[np.ndarray, " T"]
    times: Ticks
    by_months: bool

    @property
    def lacking(self) -> int:
        """How many steps are not there."""
        return len(self.times) - len(self.places)

    @property
    def first(self) -> object:
        """The time of the first that is not there, as a user reads it."""
        there = np.isin(np.arange(len(self.times)), self.places)
        return plain(self.times)[int(np.argmin(there))]


def grid_of(times: Ticks) -> Grid | None:
    """The regular series that ascending times are of; None where they are irregular.

    Args:
        times: (T,) numbers, or dates: by months where all are on the same day of a month, or on its last.
    """
    if len(times) < 3:
        return None
    if times.dtype.kind == "M":
        for shift in (np.timedelta64(0, "D"), np.timedelta64(1, "D")):  # last days are firsts less one
            months = (times + shift).astype("datetime64[M]")
            within = times + shift - months
            if (within == within[0]).all() and (np.diff(months).astype(np.int64) > 0).all():
                return _grid(months.astype(np.int64), months, within[0] - shift)
        return _grid(times.astype(np.int64), times, np.timedelta64(0, "us"))
    return _grid(times.astype(np.float64), times, 0)


def _grid(numbers: Any, times: Any, offset: Any) -> Grid | None:
    """The grid of times whose distances are those of numbers."""
    unit = np.median(np.diff(numbers))
    exact = (numbers - numbers[0]) / unit
    places = np.round(exact).astype(np.int64)
    rises = (np.diff(places) > 0).all()
    if not rises or np.abs(exact - places).max() > NEAR or places[-1] >= (1 + MOST_LACKING) * len(times):
        return None
    steps = np.arange(places[-1] + 1)
    if times.dtype.kind != "M":
        return Grid(places, times[0] + steps * unit, False)
    kind: Any = np.datetime_data(times.dtype)[0]
    span = np.timedelta64(round(float(unit)), kind)
    return Grid(places, (times[0] + steps * span).astype("datetime64[us]") + offset, kind == "M")


def completed(all_series: Sequence[OneSeries]) -> list[OneSeries]:
    """Series with a step wherever a regular one has one; the values of those that are new are missing.

    Raises:
        ValueError: there are no times, or they are irregular.
    """
    return [_completed(series) for series in all_series]


def _completed(series: OneSeries) -> OneSeries:
    if series.times is None or (grid := grid_of(series.times)) is None:
        what = "no column of times (time)" if series.times is None else "times that are irregular"
        raise ValueError(
            f"{series.table.path}: series {series.id!r} has {what}, so lacking steps cannot be told; "
            f"expected gaps: keep"
        )
    values = np.full((len(grid.times), series.values.shape[1]), np.nan)
    values[grid.places] = series.values
    before = np.searchsorted(grid.places, np.arange(len(grid.times)), side="right") - 1
    return replace(
        series,
        values=values,
        times=grid.times,
        rows=before if series.rows is None else series.rows[before],
        end=int(grid.places[series.end - 1]) + 1 if series.end else 0,
    )
