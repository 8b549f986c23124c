"""An update is large beside the weights that it changes."""

from collections.abc import Iterator

from zoo.verdict.formatting import spoken
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    high = {layer: ratio for layer, ratio in m.updates.items() if ratio > most}
    if high and not m.has_learned:
        layer = max(high, key=lambda key: high[key])
        yield (
            f"An update changes the weights of {spoken(layer)} by {high[layer]:.0%} of their norm: the "
            "steps are too large.",
            (),
        )


RULE = Rule(
    name="large updates",
    place=110,
    threshold=0.3,
    severity="warning",
    cause="gates",
    sure="likely",
    source="the usual ratio is 1e-3: Karpathy, https://cs231n.github.io/neural-networks-3",
    look=_look,
)
