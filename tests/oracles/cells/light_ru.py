"""f = σ(W x + U h + b); h = (1-f)∘h + f∘tanh(W x + b): Ye et al., 2024."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, inputs, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="LightRUCell", ih="nf", hh="f")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    f = sigmoid(affine(weights, "f", x, h))
    h_new = (1 - f) * h + f * np.tanh(inputs(weights, "n", x))
    return h_new, (h_new,)
