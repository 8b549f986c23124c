"""x + max(0, k) y: Savarese et al., 2016; or a GRU that updates x with y: Parisotto et al., 2020."""

import numpy as np

from oracles.arrays import Array, Weights, dot, sigmoid
from oracles.wirings import Place, carried


def join(weights: Weights, x: Array, y: Array, place: Place) -> Array:
    x = carried(weights, x, y.shape[-1])
    if place.spec.gate == "scalar":
        k = weights["k"]
        return x + np.where(k.real > 0, k, 0) * y
    W_r, W_z, W_g = np.split(weights["gates.from_y.weight"], 3, axis=-2)
    U_r, U_z = np.split(weights["gates.from_x.weight"], 2, axis=-2)
    r = sigmoid(dot(W_r, y) + dot(U_r, x))
    z = sigmoid(dot(W_z, y) + dot(U_z, x) - weights["gates.bias"])
    h = np.tanh(dot(W_g, y) + dot(weights["gates.from_reset.weight"], r * x))
    return (1 - z) * x + z * h
