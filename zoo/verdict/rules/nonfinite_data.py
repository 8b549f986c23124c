"""A value of the data is NaN or infinite."""

from collections.abc import Iterator

from zoo.verdict.facts import BadValue
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    for bad in m.data.bad if m.data is not None else ():
        if bad.count > most:
            values = "value is" if bad.count == 1 else "values are"
            yield (
                f"In the training data {bad.count:,} {values} NaN or infinite, the first in {_place(bad)}: "
                f"no network can learn from it.",
                (),
            )


def _place(bad: BadValue) -> str:
    """Where it is, as far as its field has such places; all count from 0."""
    parts = {"column": bad.column, "step": bad.step, "row": bad.row}
    return f"{bad.name}, " + ", ".join(f"{word} {at}" for word, at in parts.items() if at is not None)


RULE = Rule(
    name="NaN in the data",
    place=1,
    threshold=0.0,
    severity="problem",
    cause="data",
    sure="certain",
    source="one NaN makes every weight NaN with the first update",
    look=_look,
)
