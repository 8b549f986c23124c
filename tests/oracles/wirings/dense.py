"""[x; y]: Huang et al., 2017."""

from oracles.arrays import Array, Weights, beside


def join(weights: Weights, x: Array, y: Array) -> Array:
    return beside(x, y)
