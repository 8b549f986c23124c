"""An LSTM whose h follows dy/dt = V tanh(U y + u) + v for the time Δ: Lechner and Hasani, 2020.

Δ is the last entry of x; U, u, V, v are `weight_in`, `bias_in`, `weight_out`, `bias_out`.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot, sigmoid


def field(weights: Weights, y: Array) -> Array:
    inner = np.tanh(dot(weights["weight_in"], y) + weights.get("bias_in", 0.0))
    return dot(weights["weight_out"], inner) + weights.get("bias_out", 0.0)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h, c), x, d = state, x[..., :-1], x[..., -1:] / spec.unfolds
    i, f, o = (sigmoid(affine(weights, gate, x, h)) for gate in "ifo")
    c_new = f * c + i * np.tanh(affine(weights, "g", x, h))
    y = o * np.tanh(c_new)
    for _ in range(spec.unfolds):
        k_1 = field(weights, y)
        if spec.solver == "euler":
            y = y + d * k_1
            continue
        k_2 = field(weights, y + d * k_1 / 2)
        k_3 = field(weights, y + d * k_2 / 2)
        k_4 = field(weights, y + d * k_3)
        y = y + d * (k_1 + 2 * k_2 + 2 * k_3 + k_4) / 6
    return y, (y, c_new)
