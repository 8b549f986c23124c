"""The same wrong answer is given to most."""

from collections.abc import Iterator

from zoo.diagnostics.quantities import Quantity
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    alike = m.last(Quantity.ALIKE.key)
    if alike > most and not m.last(Quantity.EMPTY.key) > most:
        yield (
            f"At the last validation one wrong answer was given to {alike:.0%} of the sources: the decoder "
            f"writes what is usual, and has not begun to read them. It may need more training.",
            (),
        )


RULE = Rule(
    name="one answer to all",
    place=170,
    threshold=0.25,
    severity="problem",
    cause="answers",
    sure="likely",
    source="dates_gru_attention gives one answer to 98 % of its sources after 60 steps, when none is right, "
    "and to 2 % after 140",
    look=_look,
)
