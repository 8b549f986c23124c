"""An LSTM with peepholes p of i, f, o that sees r_{t-1}, and r_t = V (o∘tanh(c_t)): Sak et al., 2014.

V is `weight_projection`; without `peephole` p is 0.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot, sigmoid


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    r, c = state
    peephole = weights.get("peephole", np.zeros(3 * c.shape[-1]))
    p_i, p_f, p_o = np.split(peephole, 3, axis=-1)
    i = sigmoid(affine(weights, "i", x, r) + p_i * c)
    f = sigmoid(affine(weights, "f", x, r) + p_f * c)
    c_new = f * c + i * np.tanh(affine(weights, "g", x, r))
    o = sigmoid(affine(weights, "o", x, r) + p_o * c_new)
    r_new = dot(weights["weight_projection"], o * np.tanh(c_new))
    return r_new, (r_new, c_new)
