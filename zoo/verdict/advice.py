"""What to try where something is wrong, as lines of a recipe that fit the network."""

import math

import numpy as np

from zoo.verdict.formatting import rounded
from zoo.verdict.measurements import Measurements

GUARD = "callbacks: [{class_path: NonFiniteGuard, init_args: {action: rollback}}]"
"""What keeps NaN out."""

LARGE = 0.05
"""A learning rate from which on a larger one helps nobody."""
USUAL = 5
"""Norms from which on there is a usual one."""


def past_the_layers(m: Measurements) -> tuple[str, ...]:
    """Connections around the layers, where there are none yet."""
    if m.network.wiring in ("", "plain"):
        return ("wiring: residual", "wiring: highway")
    return (f"num_layers: {max(m.network.num_layers // 2, 1)}",) if m.network.num_layers > 1 else ()


def smaller_steps(m: Measurements) -> tuple[str, ...]:
    """A limit on the norm of the gradient, or where there is one, a smaller learning rate."""
    norms = [norm for norm in m.norms if math.isfinite(norm)]
    if m.network.clips or m.clipped:
        return slower(m)
    usual = float(np.median(norms)) if len(norms) >= USUAL else 1.0
    return (f"max_norm: {rounded(min(usual, 1.0) if usual > 0 else 1.0)}",)


def longer_memory(m: Measurements) -> tuple[str, ...]:
    """What carries a gradient farther back in this network."""
    pooled = ("pooling: max",) if m.network.pooling == "last" else ()
    if m.network.cell == "elman":
        return ("cell: lstm", "cell: gru", *pooled)
    return (*_forgetting(m, 3.0), *pooled)


def open_gate(m: Measurements, letter: str) -> tuple[str, ...]:
    """What opens a gate."""
    if letter == "f" and m.network.forgetting:
        return _forgetting(m, 1.0) or slower(m)
    return (*slower(m), *(("cell: layernorm_lstm",) if m.network.cell == "lstm" else ()))


def _forgetting(m: Measurements, bias: float) -> tuple[str, ...]:
    """A larger bias of the forget gate, where the cell has one that is smaller."""
    if not m.network.forgetting or m.network.forget_bias >= bias:
        return ()
    return (f"cell: {{class_path: {m.network.forgetting}, init_args: {{forget_bias: {bias}}}}}",)


def slower(m: Measurements) -> tuple[str, ...]:
    """A smaller learning rate."""
    return learning_rate(m, 1 / 3)


def other_steps(m: Measurements) -> tuple[str, ...]:
    """A smaller learning rate, and a larger one of one that is not large: both faults may look the same."""
    faster = learning_rate(m, 3) if (m.network.lr or LARGE) < LARGE else ()
    return (*slower(m), *faster)


def learning_rate(m: Measurements, factor: float) -> tuple[str, ...]:
    """The learning rate times a factor, where it is known."""
    return (
        ()
        if not m.network.lr
        else (f"optimizer: {{name: {m.network.optimizer}, lr: {rounded(m.network.lr * factor)}}}",)
    )
