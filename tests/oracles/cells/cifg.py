"""An LSTM with f = 1 - i, whose i also sees p_i∘c_{t-1}, and whose o sees p_o∘c_t: Greff et al., 2015.

`peephole` is p of i and o, and may be missing: then they are 0. No library tested against has it.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c = state
    p_i, p_o = np.split(weights["peephole"], 2, axis=-1) if "peephole" in weights else (0.0, 0.0)
    i = sigmoid(affine(weights, "i", x, h) + p_i * c)
    f = 1 - i
    c_new = i * np.tanh(affine(weights, "g", x, h)) + f * c
    o = sigmoid(affine(weights, "o", x, h) + p_o * c_new)
    h_new = np.tanh(c_new) * o
    return h_new, (h_new, c_new)
