"""At which step of its season a series begins."""

from collections.abc import Sequence
from typing import Any, NamedTuple, final

import numpy as np

from zoo.data.time_series.grid import grid_of
from zoo.data.time_series.times import Ticks


@final
class Clock(NamedTuple):
    """When the season of training series begins.

    Attributes:
        first: The time of a first step: a number, microseconds or, counted in months, their number.
        step: How far steps are apart, in the same unit.
        in_months: Whether it is months.
    """

    first: float
    step: float
    in_months: bool

    @classmethod
    def learned(cls, all_times: Sequence[Ticks | None], season: int | None) -> "Clock | None":
        """That of training series; None where they lack times or steps, or begin in different phases."""
        times = [each for each in all_times if each is not None]
        grids = [grid_of(each) for each in times]
        if season is None or not times or len(times) < len(all_times):
            return None
        regular = [grid for grid in grids if grid is not None and not grid.lacking]
        in_months = all(grid.by_months for grid in regular)
        if len(regular) < len(grids) or any(grid.by_months != in_months for grid in regular):
            return None
        numbers = _numbers(times[0], in_months)
        clock = cls(float(numbers[0]), float(np.median(np.diff(numbers))), in_months)
        return None if any(clock.phase(each, season) for each in times) else clock

    def phase(self, times: Ticks, season: int) -> int:
        """At which step of a season times begin."""
        return round((float(_numbers(times[:1], self.in_months)[0]) - self.first) / self.step) % season


def _numbers(times: Any, in_months: bool) -> Any:
    if times.dtype.kind != "M":
        return times.astype(np.float64)
    return times.astype("datetime64[M]" if in_months else "datetime64[us]").astype(np.int64)
