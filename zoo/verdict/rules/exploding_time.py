"""Errors grow on their way back in time."""

from collections.abc import Iterator

import numpy as np

from zoo.verdict.advice import smaller_steps
from zoo.verdict.formatting import brief, spoken
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import PASCANU, Rule, Told, worst_way


def _look(m: Measurements, most: float) -> Iterator[Told]:
    growth = {}
    for way, by_lag in m.errors.items():
        usual = float(np.median(by_lag[: max(len(by_lag) // 4, 1)])) if by_lag else 0.0
        if usual > 0 and max(by_lag) > most * usual:
            growth[way] = max(by_lag) / usual
    for way, others in worst_way(growth, max):
        lag = list(m.errors[way]).index(max(m.errors[way]))
        yield (
            f"In {spoken(way)}, errors that have travelled back {lag} steps are {brief(growth[way])} times "
            f"as large as after the first quarter of the way: the gradient explodes through time.{others}",
            (*(() if m.network.recurrent_clip else ("recurrent_gradient_clip: 1.0",)), *smaller_steps(m)),
        )


RULE = Rule(
    name="explodes through time",
    place=50,
    threshold=1e2,
    severity="problem",
    source=f"{PASCANU}, section 2.1",
    look=_look,
)
