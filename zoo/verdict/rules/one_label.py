"""Next to all targets are of the same class."""

from collections.abc import Iterator

from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    if m.data is not None and m.data.majority > most:
        yield (
            f"{m.data.majority:.1%} of the targets are of one class: whoever always says it is right as "
            f"often, and there is little to learn the others from.",
            (),
        )


RULE = Rule(
    name="one class fills the labels",
    place=5,
    threshold=0.95,
    severity="problem",
    cause="data",
    sure="certain",
    source="the baseline of any classifier",
    look=_look,
)
