"""What lies far back contributes nothing to the recurrent weights' gradient."""

from collections.abc import Iterator

from zoo.diagnostics.lag_record import span
from zoo.verdict.advice import longer_memory
from zoo.verdict.formatting import spoken
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told, worst_way

LONG, SHORT = 16, 0.25
"""Sequences of so many steps are long; a signal that fades in this share of them fades early."""


def _look(m: Measurements, share: float) -> Iterator[Told]:
    if m.learning is not None and m.learning.is_fast:
        return
    hits = {}
    for way, by_lag in m.weights.items():
        steps, far = len(m.gradients.get(way, by_lag)), span(by_lag, m.rests.get(way, 0.0), share)
        if far is not None and steps >= LONG and far < steps * SHORT:
            hits[way] = far / steps
    for way, others in worst_way(hits, min):
        steps = len(m.gradients.get(way, m.weights[way]))
        lags = round(hits[way] * steps)
        yield (
            f"In {spoken(way)}, signal older than {lags} step{'' if lags == 1 else 's'} contributes under "
            f"{share:.0%} to the gradient of the recurrent weights; the sequences have {steps}.{others}",
            longer_memory(m),
        )


RULE = Rule(
    name="vanishes through time",
    place=40,
    threshold=1e-2,
    severity="warning",
    cause="time",
    sure="likely",
    source="Bengio et al., 1994, https://doi.org/10.1109/72.279181",
    look=_look,
)
