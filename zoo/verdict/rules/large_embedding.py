"""The vectors of tokens are too large for the layer that reads them."""

from collections.abc import Iterator

from zoo.verdict.formatting import brief
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told, is_of_rate


def _look(m: Measurements, most: float) -> Iterator[Told]:
    if m.embedding > most and not is_of_rate(m):
        yield (
            f"The embedding has entries of {brief(m.embedding)} (root mean square): the layer that reads it "
            f"is driven to the ends of its range. The zoo's start at 0.05, torch's at 1.",
            (),
        )


RULE = Rule(
    name="embedding too large",
    place=8,
    threshold=3.0,
    severity="problem",
    cause="start",
    sure="likely",
    source="LeCun et al., 1998, Efficient BackProp: inputs of mean 0 and equal, moderate variance",
    look=_look,
)
