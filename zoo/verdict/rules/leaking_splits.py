"""Sequences held out stand in the training data, too."""

from collections.abc import Iterator

from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    if m.data is not None and m.data.leaked > most * m.data.held_out:
        share = m.data.leaked / m.data.held_out
        yield (
            f"{m.data.leaked:,} of {m.data.held_out:,} sequences of validation ({share:.0%}) stand in the "
            f"training data, too: what it measures is partly memory.",
            (),
        )


RULE = Rule(
    name="splits share sequences",
    place=6,
    threshold=0.05,
    severity="problem",
    cause="data",
    sure="certain",
    source="no sequence of the zoo's own data that is long enough to be known again is in two splits",
    look=_look,
)
