"""h_t = c∘h + (1-c)∘tanh(W_n x + a∘h + b_n); a = 1 + tanh, c = σ of W x + U h + b: Vecoven et al., 2021."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, inputs, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="NBRCell", ih="acn", hh="ac")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    a, c = 1 + np.tanh(affine(weights, "a", x, h)), sigmoid(affine(weights, "c", x, h))
    h_new = c * h + (1 - c) * np.tanh(inputs(weights, "n", x) + a * h)
    return h_new, (h_new,)
