"""c_t = c + i∘g(W_g x + U_g h + b_g); h_t = o∘h(c_t): Hochreiter and Schmidhuber, 1997.

g(a) = 4 / (1 + exp(-a)) - 2 and h(a) = 2 / (1 + exp(-a)) - 1. torchrecurrent takes tanh for both.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="OriginalLSTMCell", ih="igo", spec={"squash": "tanh"})


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c = state
    i, o = sigmoid(affine(weights, "i", x, h)), sigmoid(affine(weights, "o", x, h))
    a = affine(weights, "g", x, h)
    if spec.squash == "tanh":
        c_new = c + i * np.tanh(a)
        h_new = o * np.tanh(c_new)
    else:
        c_new = c + i * (4 / (1 + np.exp(-a)) - 2)
        h_new = o * (2 / (1 + np.exp(-c_new)) - 1)
    return h_new, (h_new, c_new)
