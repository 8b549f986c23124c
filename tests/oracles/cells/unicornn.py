"""z_t = z - Δt σ(c)∘(tanh(w∘y + V x + b) + α y); y_t = y + Δt σ(c)∘z_t: Rusch and Mishra, 2021."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, inputs, sigmoid
from oracles.elsewhere import Same

STARTS_OTHERWISE = ("w", "c")
TORCHRECURRENT = Same(
    name="UnICORNNCell",
    ih="a",
    others={"weight_hh": "w", "weight_ch": "c"},
    spec={"dt": 0.3, "alpha": 0.7},
    options={"dt": 0.3, "alpha": 0.7},
)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    y, z = state
    pace = spec.dt * sigmoid(weights["c"])
    z_new = z - pace * (np.tanh(weights["w"] * y + inputs(weights, "a", x)) + spec.alpha * y)
    y_new = y + pace * z_new
    return y_new, (y_new, z_new)
