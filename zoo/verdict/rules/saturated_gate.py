"""A gate is at the ends of its range, and not shut."""

from collections.abc import Iterator

from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import SHUT, Rule, Told, saturated_gates


def _look(m: Measurements, most: float) -> Iterator[Told]:
    yield from saturated_gates(m, most, lambda gate: gate.mean >= SHUT)


RULE = Rule(
    name="saturated gate",
    place=70,
    threshold=0.8,
    severity="warning",
    cause="gates",
    sure="possible",
    source="Karpathy et al., 2015, https://arxiv.org/abs/1506.02078: well-trained gates are often at their "
    "ends",
    look=_look,
)
