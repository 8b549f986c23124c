"""No gradient reaches the recurrent layers."""

from collections.abc import Iterator

from zoo.diagnostics.parameter_paths import depth_of
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import Rule, Told, is_of_rate

DEAD = 0.99


def _look(m: Measurements, most: float) -> Iterator[Told]:
    recurrent = {layer: rms for layer, rms in m.layers.items() if depth_of(layer)}
    others = [rms for layer, rms in m.layers.items() if not depth_of(layer)]
    if not recurrent or max(recurrent.values()) > most or is_of_rate(m):
        return
    if max(others, default=0.0) <= most:
        yield "No gradient at all reaches any layer: the loss is flat there, or is 0 already.", ()
        return
    if any(share > DEAD for share in m.dead.values()):
        why = "their units give the same output whatever the input, as rectifiers do that start below 0"
    else:
        why = "the weights of the head are 0, so that at first it alone learns"
    yield f"No gradient at all reaches the recurrent layers, and some the head: {why}.", ()


RULE = Rule(
    name="nothing flows",
    place=7,
    threshold=0.0,
    severity="problem",
    cause="start",
    sure="certain",
    source="a product with 0 passes no gradient",
    look=_look,
)
