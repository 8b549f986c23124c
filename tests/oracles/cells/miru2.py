"""n = tanh(W x + U (θ h) + b); h = λ h + (1-λ) n: Zyarah and Kudithipudi, 2026."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine
from oracles.elsewhere import Same

TORCHRECURRENT = Same(
    name="MiRU2Cell",
    ih="n",
    spec={"update": 0.3, "reset": 0.8},
    options={"update_coefficient": 0.3, "reset_coefficient": 0.8},
)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    h_new = spec.update * h + (1 - spec.update) * np.tanh(affine(weights, "n", x, spec.reset * h))
    return h_new, (h_new,)
