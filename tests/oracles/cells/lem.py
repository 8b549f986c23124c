"""Two states, each drawn to a tanh at a pace of its own: Rusch et al., 2022, eq. 3.

d and e are Δt_n and Δt̄_n. torchrecurrent's y_t looks at the z before the step, where the paper's, and the
library's own docstring, have the z after it: no second opinion.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    y, z = state
    d = spec.dt * sigmoid(affine(weights, "d", x, y))
    e = spec.dt * sigmoid(affine(weights, "e", x, y))
    z_new = (1 - d) * z + d * np.tanh(affine(weights, "z", x, y))
    y_new = (1 - e) * y + e * np.tanh(affine(weights, "y", x, z_new))
    return y_new, (y_new, z_new)
