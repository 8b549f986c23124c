"""z = σ(W x + b); h_t = (1-z)∘h + z∘n, with n a candidate of x alone: Feng et al., 2024."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, inputs, sigmoid


def candidate(a: Array, kind: str) -> Array:
    """The candidate for a sum of inputs."""
    return a if kind == "linear" else np.where(a >= 0, a + 0.5, sigmoid(a))


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    z = sigmoid(inputs(weights, "z", x))
    h_new = (1 - z) * h + z * candidate(inputs(weights, "n", x), spec.candidate)
    return h_new, (h_new,)
