"""i, f = σ(W x + b); h_t = f/(f+i)∘h + i/(f+i)∘g, with g a candidate of x alone: Feng et al., 2024."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, inputs, sigmoid


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    i, f = sigmoid(inputs(weights, "i", x)), sigmoid(inputs(weights, "f", x))
    a = inputs(weights, "g", x)
    g = a if spec.candidate == "linear" else np.where(a >= 0, a + 0.5, sigmoid(a))
    h_new = (f * h + i * g) / (f + i)
    return h_new, (h_new,)
