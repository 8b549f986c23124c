"""An LSTM whose gates see v = m∘tanh(c), and whose output is o∘tanh(c): Intel, 2017."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="MCLSTMCell", ih="fiomg", gives_output=True)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    v, c = state
    i, f, o, m = (sigmoid(affine(weights, gate, x, v)) for gate in "ifom")
    c_new = f * c + i * np.tanh(affine(weights, "g", x, v))
    return o * np.tanh(c_new), (m * np.tanh(c_new), c_new)
