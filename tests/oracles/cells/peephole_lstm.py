"""An LSTM whose i and f also see p∘c_{t-1}, and whose o sees p∘c_t: Gers et al., 2002.

`peephole` is p of i, f and o.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="PeepholeLSTMCell", ih="ifgo", others={"weight_ph": "peephole"})


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c = state
    p_i, p_f, p_o = np.split(weights["peephole"], 3, axis=-1)
    i = sigmoid(affine(weights, "i", x, h) + p_i * c)
    f = sigmoid(affine(weights, "f", x, h) + p_f * c)
    c_new = f * c + i * np.tanh(affine(weights, "g", x, h))
    o = sigmoid(affine(weights, "o", x, h) + p_o * c_new)
    h_new = o * np.tanh(c_new)
    return h_new, (h_new, c_new)
