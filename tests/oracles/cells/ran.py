"""c_t = i∘(W_c x) + f∘c; h_t = g(c_t); i, f = σ(W x + U h + d), g = tanh or identity: Lee et al., 2017."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, inputs, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="RANCell", ih="cif", hh="if")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c = state
    i, f = sigmoid(affine(weights, "i", x, h)), sigmoid(affine(weights, "f", x, h))
    c_new = i * inputs(weights, "c", x) + f * c
    h_new = np.tanh(c_new) if spec.output == "tanh" else c_new
    return h_new, (h_new, c_new)
