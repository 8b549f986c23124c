"""y."""

from oracles.arrays import Array, Weights
from oracles.wirings import Place


def join(weights: Weights, x: Array, y: Array, place: Place) -> Array:
    return y
