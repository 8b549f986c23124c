"""An LSTM whose i and f also see tanh(U c_{t-1}), and whose o sees tanh(U c_t): Landi et al., 2021.

U_u, U_v, U_w are these matrices of i, f and o. The library adds a bias inside each tanh.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="WMCLSTMCell", ih="ifgo", others={"weight_mh": "weight_hh[uvw]"})


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c = state
    i = sigmoid(affine(weights, "i", x, h) + np.tanh(dot(weights["U_u"], c)))
    f = sigmoid(affine(weights, "f", x, h) + np.tanh(dot(weights["U_v"], c)))
    c_new = f * c + i * np.tanh(affine(weights, "g", x, h))
    o = sigmoid(affine(weights, "o", x, h) + np.tanh(dot(weights["U_w"], c_new)))
    h_new = o * np.tanh(c_new)
    return h_new, (h_new, c_new)
