"""The loss of a run has risen for good, or was finite no more: what came first."""

from collections.abc import Iterator

from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    onsets = m.history.onsets if m.history is not None else ()
    if onsets:
        first, *later = onsets[: int(most)]
        then = "".join(f"; then, in step {onset.step:,}, {onset.words}" for onset in later)
        yield f"It went wrong in step {first.step:,}, as far as was logged: {first.words}{then}.", ()


RULE = Rule(
    name="went wrong",
    place=12,
    threshold=4,
    severity="problem",
    cause="rate",
    sure="likely",
    source="what the metrics show, in the order of its steps; what comes first need not be the cause",
    look=_look,
)
