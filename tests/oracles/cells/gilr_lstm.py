"""s = r∘s + (1-r)∘j, r and j of x alone; an LSTM whose gates see s_{t-1}; h = o∘c: Martin and Cundy, 2018."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, inputs, sigmoid


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    s, c = state
    i, f, o = (sigmoid(affine(weights, gate, x, s)) for gate in "ifo")
    c_new = f * c + i * np.tanh(affine(weights, "g", x, s))
    r = sigmoid(inputs(weights, "r", x))
    s_new = r * s + (1 - r) * np.tanh(inputs(weights, "j", x))
    return o * c_new, (s_new, c_new)
