"""Attention looks everywhere alike."""

from collections.abc import Iterator

from zoo.diagnostics.quantities import Quantity
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    spread = m.last(Quantity.SPREAD.key)
    if spread > most:
        yield (
            f"At the last validation the weights of attention had {spread:.1%} of the entropy of even ones: "
            f"the decoder sees but the mean of its source.",
            (),
        )


RULE = Rule(
    name="attention is uniform",
    place=190,
    threshold=0.9,
    severity="warning",
    cause="answers",
    sure="likely",
    source="dates_gru_attention: 99.9 % after 20 steps, 93 % after 80, and 46 % after 240, when nine of ten "
    "answers are right; Bahdanau et al., 2015, https://arxiv.org/abs/1409.0473, figure 3",
    look=_look,
)
