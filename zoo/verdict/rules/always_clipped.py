"""Next to every step is clipped, and far below the usual norm."""

import math
from collections.abc import Iterator

import numpy as np

from zoo.verdict.formatting import brief, rounded
from zoo.verdict.measurements import Measurements
from zoo.verdict.rule import FEW, PASCANU, Rule, Told

TIGHT = 5.0
"""How far below the usual norm a limit may be."""


def _look(m: Measurements, most: float) -> Iterator[Told]:
    norms = [norm for norm in m.norms if math.isfinite(norm)]
    if m.clipped is None or m.clipped <= most or len(norms) < FEW or m.network.limit is None:
        return
    usual = float(np.median(norms))
    if usual > TIGHT * m.network.limit:
        yield (
            f"{m.clipped:.0%} of the steps were clipped, the median from a norm of {brief(usual)} to "
            f"{brief(m.network.limit)}: the limit, not the gradient, sets the size of the steps.",
            (f"max_norm: {rounded(5 * usual)}",),
        )


RULE = Rule(
    name="always clipped",
    place=100,
    threshold=0.95,
    severity="warning",
    source=f"{PASCANU}, section 3.2",
    look=_look,
)
