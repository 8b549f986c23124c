"""y + x: He et al., 2016."""

from oracles.arrays import Array, Weights
from oracles.wirings import Place, carried


def join(weights: Weights, x: Array, y: Array, place: Place) -> Array:
    return y + carried(weights, x, y.shape[-1])
