"""A classifier is no better than the most frequent class."""

from collections.abc import Iterator

from zoo.diagnostics.quantities import Quantity
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told

ALIKE = 0.99
"""From this share of one class on it is the only one that is said, which is a rule of its own."""


def _look(m: Measurements, least: float) -> Iterator[Told]:
    best, majority = max(m.validated.get("accuracy", ()), default=1.0), m.last(Quantity.MAJORITY.key)
    if best < majority + least and m.last(Quantity.SAID_MOST.key) <= ALIKE:
        yield (
            f"No validation was better than always saying the most frequent class: {best:.1%} right at best, "
            f"against {majority:.1%}.",
            (),
        )


RULE = Rule(
    name="no better than the majority",
    place=150,
    threshold=0.005,
    severity="problem",
    cause="answers",
    sure="certain",
    source="the baseline of any classifier; half a hundredth above it is within chance",
    look=_look,
)
