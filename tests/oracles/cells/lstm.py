"""f, i, o = σ; g = tanh; c_t = f∘c_{t-1} + i∘g; h_t = o∘tanh(c_t): Gers et al., 2000."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c = state
    i, f, o = (sigmoid(affine(weights, gate, x, h)) for gate in "ifo")
    c_new = f * c + i * np.tanh(affine(weights, "g", x, h))
    h_new = o * np.tanh(c_new)
    return h_new, (h_new, c_new)
