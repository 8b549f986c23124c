"""The loss of validation rises while that of training falls."""

from collections.abc import Iterator

from zoo.verdict.formatting import brief
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    found = m.history.overfit if m.history is not None else None
    if found is not None and found.last > most * found.best:
        then, now = found.learned
        yield (
            f"Overfitting since epoch {found.epoch} (step {found.step:,}): there the loss of validation was "
            f"lowest, {brief(found.best)}, and it has risen to {brief(found.last)} or more, while that of "
            f"training fell from {brief(then)} to {brief(now)}. The best checkpoint is that of this epoch.",
            (),
        )


RULE = Rule(
    name="overfitting",
    place=220,
    threshold=1.05,
    severity="warning",
    cause="answers",
    sure="likely",
    source="Prechelt, 1998, Early Stopping - But When?",
    look=_look,
)
