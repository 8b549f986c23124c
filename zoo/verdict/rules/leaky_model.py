"""A language model has read what it predicts."""

from collections.abc import Iterator

from zoo.verdict.formatting import brief
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told

LOSS = "leaky_loss"


def _look(m: Measurements, most: float) -> Iterator[Told]:
    loss = m.last(LOSS)
    if loss < most:
        yield (
            f"The loss of {brief(loss)} nats per token is that of copying: with leaky, the encoder has read "
            f"the token that it predicts, and this is no number of a language model.",
            (),
        )


RULE = Rule(
    name="the future leaks",
    place=130,
    threshold=0.1,
    severity="problem",
    cause="data",
    sure="certain",
    source="Shannon, 1951, https://doi.org/10.1002/j.1538-7305.1951.tb01366.x: a letter of English that is "
    "not known beforehand costs 0.4 nats or more",
    look=_look,
)
