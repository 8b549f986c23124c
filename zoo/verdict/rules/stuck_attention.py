"""Attention looks at one place of the source, whatever is written."""

from collections.abc import Iterator

from zoo.diagnostics.quantities import Quantity
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    place = m.last(Quantity.ONE_PLACE.key)
    if place > most:
        yield (
            f"At the last validation {place:.0%} of the weight of attention lay on one place of each source, "
            f"whatever was written: the decoder reads that step only.",
            (),
        )


RULE = Rule(
    name="attention is stuck",
    place=200,
    threshold=0.9,
    severity="warning",
    cause="answers",
    sure="likely",
    source="dates_gru_attention: 21 % when nine of ten answers are right; Bahdanau et al., 2015, "
    "https://arxiv.org/abs/1409.0473, figure 3",
    look=_look,
)
