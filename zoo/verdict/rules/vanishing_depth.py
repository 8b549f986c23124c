"""The gradient vanishes on its way through the layers."""

from collections.abc import Iterator

from zoo.verdict.advice import past_the_layers
from zoo.verdict.formatting import brief
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told, learns_as_it_is, stack_ends


def _look(m: Measurements, least: float) -> Iterator[Told]:
    if learns_as_it_is(m):
        return
    for when, first, last, ratio in stack_ends(m):
        if ratio < least:
            yield (
                f"The gradient that reaches {first}{when} is {brief(ratio)} of {last}'s: it vanishes with "
                f"depth.",
                past_the_layers(m),
            )


RULE = Rule(
    name="vanishes with depth",
    place=20,
    threshold=0.1,
    severity="problem",
    cause="depth",
    sure="likely",
    source="Srivastava et al., 2015, https://arxiv.org/abs/1505.00387; at the start plain LSTMs of 4 layers "
    "stay above it, and those of 8, which learn slowly (recipes/results/depth.csv), do not",
    look=_look,
)
