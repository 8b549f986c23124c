"""h_t = σ(α) φ(W x + U h + b) + σ(β) h: Kusupati et al., 2018. `alpha` and `beta` are α, β."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid
from oracles.elsewhere import Same

STARTS_OTHERWISE = ("alpha", "beta")
TORCHRECURRENT = Same(name="FastRNNCell", ih="n", others={"alpha": "alpha", "beta": "beta"})


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    a = affine(weights, "n", x, h)
    squashed = {"tanh": np.tanh(a), "relu": np.where(a > 0, a, 0.0), "sigmoid": sigmoid(a)}[spec.activation]
    h_new = sigmoid(weights["alpha"]) * squashed + sigmoid(weights["beta"]) * h
    return h_new, (h_new,)
