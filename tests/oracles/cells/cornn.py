"""y'' = tanh(W y + V y' + U x + b) - γ y - ε y', one step of IMEX: Rusch and Mishra, 2021, eq. 3.

`weight_z` is V. torchrecurrent has the explicit damping, though its docstring writes the implicit one.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot
from oracles.elsewhere import Same

TORCHRECURRENT = Same(
    name="coRNNCell",
    ih="a",
    others={"weight_ch": "weight_z"},
    spec={"dt": 0.2, "gamma": 1.5, "epsilon": 0.5},
    options={"dt": 0.2, "gamma": 1.5, "epsilon": 0.5},
)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    y, z = state
    force = np.tanh(affine(weights, "a", x, y) + dot(weights["weight_z"], z)) - spec.gamma * y
    if spec.damping == "implicit":  # z_new + Δt ε z_new = z + Δt force
        z_new = (z + spec.dt * force) / (1 + spec.dt * spec.epsilon)
    else:
        z_new = z + spec.dt * (force - spec.epsilon * z)
    y_new = y + spec.dt * z_new
    return y_new, (y_new, z_new)
