"""Another learning rate learns far more in as many steps."""

import math
from collections.abc import Iterator

from zoo.verdict.advice import optimizer
from zoo.verdict.formatting import brief
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, factor: float) -> Iterator[Told]:
    found = m.learning
    better = found.better_rate if found is not None else None
    if found is None or better is None or abs(math.log(better / found.rate)) < math.log(factor):
        return
    advice = optimizer(m, better)
    if not all(map(found.helps if found.is_cut else found.allows, advice)):
        return  # a longer training has shown that it is no better, or there was no time for that
    own = found.rates[found.rate]
    ends = f"to {brief(own)}" if math.isfinite(own) else "to NaN or infinity"
    yield (
        f"The learning rate is too {'large' if better < found.rate else 'small'}: in {found.rate_steps} "
        f"steps the loss comes to {brief(found.rates[better])} with {better:g}, and with {found.rate:g} "
        f"{ends}.",
        advice,
    )


RULE = Rule(
    name="learning rate",
    place=10,
    threshold=3.0,
    severity="problem",
    cause="rate",
    sure="likely",
    source="Smith, 2017, https://arxiv.org/abs/1506.01186 (range test); here each rate starts anew",
    look=_look,
)
