"""How far back in time the gradient of a training step went, as numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np

Curves = dict[str, list[float]]
"""Layer and direction, as "layer_1/forward", -> a norm for each lag; NaN where it was not finite."""


@final
@dataclass(frozen=True, kw_only=True)
class LagRecord:
    """How far back in time the gradient of one training step went.

    Attributes:
        step: Optimiser steps taken before this one, over all optimisers.
        state: The norm of the gradient of h by lag (`zoo.diagnostics.gradient_by_lag`); of a further tensor
            of the state with its name behind, as "layer_1/forward/c".
        weight: The norm of the part of the recurrent weights' gradient whose error has travelled so many
            steps (`zoo.diagnostics.weight_gradient_by_lag`); empty lists for cells without such weights.
        error: The norm of the errors by how far they have travelled (`zoo.diagnostics.error_by_lag`).
        rest: The norm of what `weight` leaves out, all that comes from beyond its last lag; 0 where nothing
            does.
    """

    step: int
    state: Curves
    weight: Curves
    error: Curves
    rest: dict[str, float] = field(default_factory=dict)


def shares_beyond(norms: Sequence[float], rest: float = 0.0) -> list[float]:
    """The share of a sum over lags that comes from lags greater than k, for each k.

    Args:
        norms: By lag.
        rest: What comes from beyond the last of them.

    Returns:
        NaN where the sum is 0 or not finite.
    """
    sizes = np.asarray(norms, dtype=np.float64)
    total = sizes.sum() + rest
    if not (math.isfinite(total) and total > 0):
        return [math.nan] * len(sizes)
    return [float(share) for share in ((total - sizes.cumsum()) / total).clip(0)]


def span(by_lag: Sequence[float], rest: float, share: float) -> int | None:
    """The lag beyond which less than `share` of a sum over lags lies; None where it is beyond them all.

    Args:
        by_lag: The parts of the sum.
        rest: What comes from beyond the last of them.
        share: Of the sum.
    """
    shares = shares_beyond(by_lag, rest)
    return next((lag for lag, beyond in enumerate(shares) if beyond < share), None)
