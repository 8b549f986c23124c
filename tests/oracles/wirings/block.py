"""h = x + W_o layer(norm(x)), and h + MLP(norm(h)) with a gated MLP: De et al., 2024."""

import numpy as np

from oracles.arrays import Array, Weights, dot, sigmoid
from oracles.norms import normed
from oracles.wirings import Place, carried


def gelu(a: Array) -> Array:
    return a / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)))


def enter(weights: Weights, x: Array, place: Place) -> Array:
    return normed(weights, "norm", x, place.spec.norm_epsilon) if "norm.weight" in weights else x


def join(weights: Weights, x: Array, y: Array, place: Place) -> Array:
    added = dot(weights["out.weight"], y) if "out.weight" in weights else y
    h = carried(weights, x, added.shape[-1]) + added
    if place.spec.expansion:
        n = normed(weights, "mlp.norm", h, place.spec.norm_epsilon)
        g = dot(weights["mlp.gate.weight"], n)
        g = gelu(g) if place.spec.mlp == "geglu" else g * sigmoid(g)
        h = h + dot(weights["mlp.down.weight"], g * dot(weights["mlp.up.weight"], n))
    is_last = place.index == place.depth - 1
    if is_last and place.spec.final_norm:
        return normed(weights, "final", h, place.spec.norm_epsilon)
    return h
