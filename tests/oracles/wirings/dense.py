"""[x; y]: Huang et al., 2017."""

from oracles.arrays import Array, Weights, beside
from oracles.wirings import Place


def join(weights: Weights, x: Array, y: Array, place: Place) -> Array:
    return beside(x, y)
