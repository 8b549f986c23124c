"""What to try where something is wrong, as lines of a recipe that fit the network."""

import math

import numpy as np

from zoo.verdict.formatting import rounded
from zoo.verdict.measurements import Measurements

GUARD = "callbacks: [{class_path: NonFiniteGuard, init_args: {action: rollback}}]"
"""What keeps NaN out."""

USUAL = 5
"""Norms from which on there is a usual one."""
PAST = ("residual", "prenorm", "postnorm", "rezero", "stochasticdepth", "gatedresidual", "gnmt", "dense")
"""Wirings with which a signal goes past a layer as it is."""


def past_the_layers(m: Measurements) -> tuple[str, ...]:
    """Connections around the layers, where there are none yet, or none that are open."""
    if m.network.wiring in PAST:
        return ()
    return ("wiring: residual",)


def limit(m: Measurements) -> tuple[str, ...]:
    """A limit on the norm of the gradient, where there is none."""
    norms = [norm for norm in m.norms if math.isfinite(norm)]
    if m.network.clips or m.clipped:
        return ()
    usual = float(np.median(norms)) if len(norms) >= USUAL else 1.0
    return (f"max_norm: {rounded(min(usual, 1.0) if usual > 0 else 1.0)}",)


def longer_memory(m: Measurements) -> tuple[str, ...]:
    """What carries a gradient farther back in this network."""
    pooled = ("pooling: max",) if m.network.pooling == "last" else ()
    if m.network.cell == "elman":
        return (*pooled, "cell: gru", "cell: lstm")
    return (*pooled, *forgetting(m, 3.0))


def forgetting(m: Measurements, bias: float) -> tuple[str, ...]:
    """A larger bias of the forget gate, where the cell has one that is smaller."""
    if not m.network.forgetting or m.network.forget_bias >= bias:
        return ()
    return (f"cell: {{class_path: {m.network.forgetting}, init_args: {{forget_bias: {bias}}}}}",)


def optimizer(m: Measurements, rate: float) -> tuple[str, ...]:
    """The recipe's optimiser with another learning rate."""
    return (f"optimizer: {{name: {m.network.optimizer}, lr: {rate:g}}}",)
