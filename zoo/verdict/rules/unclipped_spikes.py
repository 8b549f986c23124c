"""The norm of the gradient has spikes, and nothing clips them."""

import math
from collections.abc import Iterator

import numpy as np

from zoo.verdict.formatting import brief
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import FEW, PASCANU, Rule, Told


def _look(m: Measurements, most: float) -> Iterator[Told]:
    norms = [norm for norm in m.norms if math.isfinite(norm) and norm > 0]
    if len(norms) < FEW or m.network.clips or m.clipped:
        return
    usual, highest = float(np.median(norms)), max(norms)
    if highest > most * usual:
        yield (
            f"The norm of the gradient rises to {brief(highest)}, {brief(highest / usual)} times its "
            f"median of {brief(usual)}, and nothing clips it.",
            (),
        )


RULE = Rule(
    name="unclipped spikes",
    place=90,
    threshold=1e2,
    severity="warning",
    cause="gates",
    sure="possible",
    source=f"{PASCANU}, section 3.2: thresholds of half to ten times the usual norm",
    look=_look,
)
