"""No feature of the data ever changes, or next to none does."""

from collections.abc import Iterator

from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    spreads = m.data.deviations if m.data is not None else ()
    constant = [at for at, spread in enumerate(spreads) if spread == 0]
    if len(constant) > most * len(spreads):
        named = ", ".join(map(str, constant[:5])) + (" ..." if len(constant) > 5 else "")
        yield f"{len(constant)} of the {len(spreads)} columns of x never change: {named}.", ()


RULE = Rule(
    name="constant inputs",
    place=3,
    threshold=0.5,
    severity="problem",
    cause="data",
    sure="certain",
    source="what never changes tells nothing apart",
    look=_look,
)
