"""Errors grow on their way back in time."""

from collections.abc import Iterator, Sequence

import numpy as np

from zoo.verdict.formatting import brief, spoken
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import PASCANU, Rule, Told, worst_way


def _look(m: Measurements, most: float) -> Iterator[Told]:
    growth = {}
    for way, by_lag in m.errors.items():
        near, far = _divided(by_lag)
        usual = float(np.median(near)) if near else 0.0
        if usual > 0 and max(far, default=0.0) > most * usual:
            growth[way] = max(far) / usual
    for way, others in worst_way(growth, max):
        near, far = _divided(m.errors[way])
        lag = len(near) + list(far).index(max(far))
        yield (
            f"In {spoken(way)}, errors that have travelled back {lag} steps are {brief(growth[way])} times "
            f"as large as after the first quarter of the way: the gradient explodes through time.{others}",
            (),
        )


def _divided(by_lag: Sequence[float]) -> tuple[Sequence[float], Sequence[float]]:
    """The first quarter of the way, and the rest: an error that is largest where it enters has not grown."""
    quarter = max(len(by_lag) // 4, 1)
    return by_lag[:quarter], by_lag[quarter:]


RULE = Rule(
    name="explodes through time",
    place=50,
    threshold=1e2,
    severity="problem",
    cause="time",
    sure="likely",
    source=f"{PASCANU}, section 2.1",
    look=_look,
)
