"""Answers are empty, although something was asked for."""

from collections.abc import Iterator

from zoo.diagnostics.quantities import Quantity
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    empty = m.last(Quantity.EMPTY.key)
    if empty > most:
        yield (
            f"At the last validation {empty:.0%} of the answers were empty. So it is at first, above all "
            f"with CTC, which says blanks before it says labels: train longer, or faster.",
            (),
        )


RULE = Rule(
    name="empty answers",
    place=160,
    threshold=0.5,
    severity="problem",
    cause="answers",
    sure="likely",
    source="Graves et al., 2006, https://doi.org/10.1145/1143844.1143891; symbol_runs_bilstm_ctc says blanks "
    "alone for its first 60 steps, and never after 140",
    look=_look,
)
