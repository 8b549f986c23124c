"""A GRU whose steps are taken where a probability that gathers has passed 1/2: Campos et al., 2018, eq. 2-6.

The state has 1 - ũ beside h. The slope of u is taken for 1.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid

STARTS_OTHERWISE = ("update", "bias_update")
SKIPS = True


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, lack = state
    e = 1 - lack
    u = e - e.real + np.where(e.real > 0.5, 1.0, 0.0)
    r, z = sigmoid(affine(weights, "r", x, h)), sigmoid(affine(weights, "z", x, h))
    taken = (1 - z) * h + z * np.tanh(affine(weights, "n", x, r * h))
    h_new = u * taken + (1 - u) * h
    d = sigmoid((weights["update"] * h_new).sum(-1, keepdims=True) + weights.get("bias_update", 0.0))
    e_new = u * d + (1 - u) * (e + np.where(d < 1 - e, d, 1 - e))
    return h_new, (h_new, 1 - e_new)
