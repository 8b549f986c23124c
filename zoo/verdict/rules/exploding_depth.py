"""The gradient grows on its way through the layers."""

from collections.abc import Iterator

from zoo.verdict.advice import past_the_layers, smaller_steps
from zoo.verdict.formatting import brief
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told, stack_ends


def _look(m: Measurements, most: float) -> Iterator[Told]:
    for when, first, last, ratio in stack_ends(m):
        if ratio > most:
            yield (
                f"The gradient that reaches {first}{when} is {brief(ratio)} times {last}'s: it grows with "
                f"depth.",
                (*past_the_layers(m), *smaller_steps(m)),
            )


RULE = Rule(
    name="explodes with depth",
    place=30,
    threshold=1e2,
    severity="problem",
    source="He et al., 2016, https://arxiv.org/abs/1512.03385",
    look=_look,
)
