"""An LSTM that sees m = (W_m x + b_m)∘(U_m h) in place of h: Krause et al., 2016.

h_t is o∘tanh(c_t), or tanh(o∘c_t) with squash "gated".
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, inputs, recurrent, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(
    name="MultiplicativeLSTMCell", ih="mifgo", hh="m", others={"weight_mh": "weight_hh[ifgo]"}
)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c = state
    m = inputs(weights, "m", x) * recurrent(weights, "m", h)
    i, f, o = (sigmoid(affine(weights, gate, x, m)) for gate in "ifo")
    c_new = f * c + i * np.tanh(affine(weights, "g", x, m))
    h_new = np.tanh(c_new) * o if spec.squash == "cell" else np.tanh(c_new * o)
    return h_new, (h_new, c_new)
