"""s = W x + U h + b; g = tanh; h_t = σ(s)∘h + (1-σ(s-β))∘g: van der Westhuizen and Lasenby, 2018."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="JANETCell", ih="fg", others={"beta": 1.0}, order=(0, 0))


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    s, g = affine(weights, "f", x, h), np.tanh(affine(weights, "g", x, h))
    h_new = sigmoid(s) * h + (1 - sigmoid(s - spec.beta)) * g
    return h_new, (h_new,)
