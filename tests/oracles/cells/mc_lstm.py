"""m = R c + i x; c_t = (1-o)∘m; h_t = o∘m, where i and the columns of R add up to 1: Hoedt et al., 2021.

x is the first entry of the input; i and o see the others and c / |c|_1. R is the softmax of U_r.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot, sigmoid

STARTS_OTHERWISE = ("weight_ih", "bias")


def softmax(a: Array, axis: int) -> Array:
    e = np.exp(a - a.real.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (c,) = state
    mass, a = x[..., :1], x[..., 1:]
    total = (np.sign(c.real) * c).sum(-1, keepdims=True)
    share = c / np.where(total.real == 0, 1.0, total)
    i, o = softmax(affine(weights, "i", a, share), -1), sigmoid(affine(weights, "o", a, share))
    m = dot(softmax(weights["U_r"], -2), c) + i * mass
    return o * m, ((1 - o) * m,)
