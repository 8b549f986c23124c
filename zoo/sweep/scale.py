"""Where the values of an option lie on an axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from zoo.pictures.wording import number

MOST_TICKS = 12
"""Words beside an axis; of more choices evenly chosen ones are named."""
FEW = 6
"""Whole numbers up to which each is named."""


@final
@dataclass(frozen=True, kw_only=True)
class Scale:
    """The axis of an option, from 0 at its lower end to 1.

    Attributes:
        name: Of the option.
        labels: Its choices, from the lower end; none of a number.
        low: The least number.
        high: The largest.
        log: Whether equal factors are equally far apart.
        is_whole: Whether there is nothing between whole numbers.
    """

    name: str
    labels: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    is_whole: bool = False

    def place(self, value: Any) -> float:
        """Where a value lies."""
        if self.labels:
            return (self.labels.index(str(value)) + 0.5) / len(self.labels)
        if self.high == self.low:
            return 0.5
        ends = [math.log(each) if self.log else each for each in (self.low, float(value), self.high)]
        return (ends[1] - ends[0]) / (ends[2] - ends[0])

    def ticks(self) -> list[tuple[float, str]]:
        """Places with what stands there: choices, or both ends and what is between them."""
        if self.labels:
            named = [(self.place(label), label) for label in self.labels]
            return _evenly(named)
        if self.is_whole and self.high - self.low < FEW:
            values = [float(value) for value in range(int(self.low), int(self.high) + 1)]
        else:
            between = math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2
            values = [self.low, float(round(between) if self.is_whole else f"{between:.3g}"), self.high]
        return [(self.place(value), number(value)) for value in values]

    @classmethod
    def over(cls, name: str, values: Sequence[float]) -> "Scale":
        """The axis that just holds these numbers."""
        return cls(name=name, low=min(values), high=max(values))


def _evenly(ticks: list[tuple[float, str]]) -> list[tuple[float, str]]:
    if len(ticks) <= MOST_TICKS:
        return ticks
    return [ticks[round(place * (len(ticks) - 1) / (MOST_TICKS - 1))] for place in range(MOST_TICKS)]
