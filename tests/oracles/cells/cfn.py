"""h_t = t∘tanh(h) + e∘tanh(W_n x); t, e = σ(W x + U h + d): Laurent and von Brecht, 2016.

torchrecurrent adds a bias to W_n x, which is 0 here.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, inputs, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="CFNCell", ih="ten", hh="te")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    theta, eta = sigmoid(affine(weights, "t", x, h)), sigmoid(affine(weights, "e", x, h))
    h_new = theta * np.tanh(h) + eta * np.tanh(inputs(weights, "n", x))
    return h_new, (h_new,)
