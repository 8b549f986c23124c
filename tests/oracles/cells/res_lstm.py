"""An LSTM with peepholes p of i, f, o, and h_t = o∘(V tanh(c_t) + x̂): Kim et al., 2017.

`weight_projection` is V; x̂ is x, or S x with `weight_skip`, which torchrecurrent has at every width.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(
    name="ResLSTMCell",
    ih="ifgo",
    others={"weight_ph": "peephole", "weight_proj": "weight_projection", "weight_res": "weight_skip"},
)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c = state
    p_i, p_f, p_o = np.split(weights["peephole"], 3, axis=-1)
    i = sigmoid(affine(weights, "i", x, h) + p_i * c)
    f = sigmoid(affine(weights, "f", x, h) + p_f * c)
    c_new = f * c + i * np.tanh(affine(weights, "g", x, h))
    o = sigmoid(affine(weights, "o", x, h) + p_o * c_new)
    skip = dot(weights["weight_skip"], x) if "weight_skip" in weights else x
    h_new = o * (dot(weights["weight_projection"], np.tanh(c_new)) + skip)
    return h_new, (h_new, c_new)
