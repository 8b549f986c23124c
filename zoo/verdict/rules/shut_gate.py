"""A gate is at the lower end of its range, and lets next to nothing through."""

from collections.abc import Iterator

from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import SHUT, Rule, Told, saturated_gates


def _look(m: Measurements, most: float) -> Iterator[Told]:
    yield from saturated_gates(m, most, lambda gate: gate.mean < SHUT)


RULE = Rule(
    name="shut gate",
    place=60,
    threshold=0.5,
    severity="warning",
    cause="gates",
    sure="possible",
    source="Hochreiter & Schmidhuber, 1997; Jozefowicz et al., 2015",
    look=_look,
)
