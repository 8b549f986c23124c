"""The gradient grows on its way through the layers."""

from collections.abc import Iterator

from zoo.verdict.formatting import brief
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told, learns_as_it_is, stack_ends


def _look(m: Measurements, most: float) -> Iterator[Told]:
    if learns_as_it_is(m):
        return
    for when, first, last, ratio in stack_ends(m):
        if ratio > most:
            yield (
                f"The gradient that reaches {first}{when} is {brief(ratio)} times {last}'s: it grows with "
                f"depth.",
                (),
            )


RULE = Rule(
    name="explodes with depth",
    place=30,
    threshold=1e2,
    severity="problem",
    cause="depth",
    sure="likely",
    source="He et al., 2016, https://arxiv.org/abs/1512.03385",
    look=_look,
)
