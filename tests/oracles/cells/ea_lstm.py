"""An LSTM with i = σ(W_s s + b_s), s the first inputs, whose f, g, o see the others: Kratzert et al., 2019.

W_s and b_s are `weight_static` and `bias_static`.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot, sigmoid

STARTS_OTHERWISE = ("weight_ih",)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h, c), static, x = state, x[..., : spec.static], x[..., spec.static :]
    i = sigmoid(dot(weights["weight_static"], static) + weights.get("bias_static", 0.0))
    f, o = sigmoid(affine(weights, "f", x, h)), sigmoid(affine(weights, "o", x, h))
    c_new = f * c + i * np.tanh(affine(weights, "g", x, h))
    h_new = o * np.tanh(c_new)
    return h_new, (h_new, c_new)
