"""h_t = σ(W x_t + U h_{t-1} + b): Elman, 1990."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid

SQUASHES = {"tanh": np.tanh, "relu": lambda a: np.maximum(a, 0), "sigmoid": sigmoid, "identity": lambda a: a}


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    h_new = SQUASHES[spec.activation](affine(weights, "h", x, h))
    return h_new, (h_new,)
