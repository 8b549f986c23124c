"""r = σ; n = tanh(W x + U (r∘h) + b); h = λ h + (1-λ) n: Zyarah and Kudithipudi, 2026."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="MiRU1Cell", ih="rn", spec={"update": 0.3}, options={"update_coefficient": 0.3})


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    r = sigmoid(affine(weights, "r", x, h))
    h_new = spec.update * h + (1 - spec.update) * np.tanh(affine(weights, "n", x, r * h))
    return h_new, (h_new,)
