"""An update is next to nothing beside the weights that it changes."""

from collections.abc import Iterator

from zoo.verdict.formatting import brief, spoken
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, least: float) -> Iterator[Told]:
    low = {layer: ratio for layer, ratio in m.updates.items() if ratio < least}
    if low:
        layer = min(low, key=lambda key: low[key])
        yield (
            f"An update changes the weights of {spoken(layer)} by {brief(low[layer])} of their norm: it "
            "hardly learns.",
            (),
        )


RULE = Rule(
    name="small updates",
    place=120,
    threshold=1e-6,
    severity="warning",
    cause="gates",
    sure="likely",
    source="the same",
    look=_look,
)
