"""Answers do not end by themselves."""

from collections.abc import Iterator

from zoo.diagnostics.quantities import Quantity
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    cut = m.last(Quantity.CUT.key)
    if cut > most:
        yield (
            f"At the last validation {cut:.0%} of the answers went on to the limit of their length: the "
            f"decoder has not learned when to end, or search.max_length is too small.",
            (),
        )


RULE = Rule(
    name="answers without an end",
    place=180,
    threshold=0.25,
    severity="problem",
    cause="answers",
    sure="likely",
    source="where dates_gru_attention learns, from its first 20 steps on no answer has to be cut",
    look=_look,
)
