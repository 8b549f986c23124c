"""All answers are the same class, and the truth is not."""

from collections.abc import Iterator

from zoo.diagnostics.quantities import Quantity
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    said, true = m.last(Quantity.SAID_MOST.key), m.last(Quantity.MAJORITY.key)
    if said > most and true < most:
        yield (
            f"At the last validation {said:.0%} of the answers were the same class, whatever the input; the "
            f"most frequent one is right in {true:.0%}.",
            (),
        )


RULE = Rule(
    name="one class only",
    place=140,
    threshold=0.99,
    severity="problem",
    cause="answers",
    sure="certain",
    source="digits_rows_lstm at a learning rate of 3 says one class from its first epoch on",
    look=_look,
)
