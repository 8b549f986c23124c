"""Forecasts are no better than those that need no training."""

from collections.abc import Iterator

from zoo.verdict.formatting import brief
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told

NAIVE = {"mse_last_value": "the last value", "mse_seasonal_naive": "the seasonal naive forecast"}


def _look(m: Measurements, most: float) -> Iterator[Told]:
    best = min(m.validated.get("mse", ()), default=0.0)
    better = {words: m.last(name) for name, words in NAIVE.items() if best >= most * m.last(name)}
    if better:
        words = min(better, key=lambda name: better[name])
        yield (
            f"No validation was better than {words}, which needs no training: a mean squared error of "
            f"{brief(best)} at best, against {brief(better[words])}.",
            (),
        )


RULE = Rule(
    name="no better than naive",
    place=210,
    threshold=1.0,
    severity="problem",
    cause="answers",
    sure="certain",
    source="Hyndman and Koehler, 2006, https://doi.org/10.1016/j.ijforecast.2006.03.001",
    look=_look,
)
