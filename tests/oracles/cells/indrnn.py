"""h_t = σ(W x + u∘h + b), σ relu or tanh: Li et al., 2018."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, inputs
from oracles.elsewhere import Same

STARTS_OTHERWISE = ("u",)
TORCHRECURRENT = [
    Same(
        name="IndRNNCell",
        ih="h",
        others={"vector_u": "u"},
        spec={"activation": activation},
        options={"nonlinearity": activation},
    )
    for activation in ("relu", "tanh")
]


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    a = inputs(weights, "h", x) + weights["u"] * h
    h_new = np.where(a > 0, a, 0.0) if spec.activation == "relu" else np.tanh(a)
    return h_new, (h_new,)
