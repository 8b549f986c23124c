"""Units never change, whatever the input."""

from collections.abc import Iterator

from zoo.verdict.formatting import spoken
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told, worst_way


def _look(m: Measurements, most: float) -> Iterator[Told]:
    for way, others in worst_way({way: share for way, share in m.dead.items() if share > most}, max):
        yield (
            f"In {spoken(way)}, {m.dead[way]:.0%} of the units never change, whatever the input.{others}",
            (),
        )


RULE = Rule(
    name="dead units",
    place=80,
    threshold=0.3,
    severity="warning",
    cause="gates",
    sure="likely",
    source="Maas et al., 2013 (rectifiers that are never active)",
    look=_look,
)
