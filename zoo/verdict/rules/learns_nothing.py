"""A short training learns no more than one whose targets are those of other sequences."""

from collections.abc import Iterator

from zoo.verdict.advice import longer_memory
from zoo.verdict.formatting import brief
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, least: float) -> Iterator[Told]:
    found = m.learning
    if found is None or found.steps < least or not found.is_nothing:
        return
    if found.is_cut:  # what was left out might have told why
        return
    one = "can" if found.one_batch < 0.9 * found.floor else "cannot even"
    yield (
        f"In {found.steps} steps it learned nothing: the loss is {brief(found.end)}, with the targets of "
        f"other sequences {brief(found.shuffled)}, without looking at the input {brief(found.floor)}. It "
        f"{one} learn one batch by heart.",
        longer_memory(m),
    )


RULE = Rule(
    name="learns nothing",
    place=125,
    threshold=50,
    severity="warning",
    cause="answers",
    sure="likely",
    source="Zhang et al., 2017, https://arxiv.org/abs/1611.03530 (shuffled labels as a control)",
    look=_look,
)
