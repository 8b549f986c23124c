"""y."""

from oracles.arrays import Array, Weights


def join(weights: Weights, x: Array, y: Array) -> Array:
    return y
