"""The numbers to be predicted are far from those that a network begins with."""

import math
from collections.abc import Iterator

from zoo.verdict.formatting import brief
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    if m.data is None or not math.hypot(m.data.target_mean, m.data.target_deviation) > most:
        return
    yield (
        f"The targets y have a mean of {brief(m.data.target_mean)} and a deviation of "
        f"{brief(m.data.target_deviation)}, and a network begins near 0. Divide by their deviation, less "
        f"their mean.",
        (),
    )


RULE = Rule(
    name="targets not scaled",
    place=4,
    threshold=20.0,
    severity="problem",
    cause="data",
    sure="likely",
    source="as of inputs; the steps of an optimiser that divides by the gradient are as large as its rate",
    look=_look,
)
