"""h = s∘g + (1-s)∘k, s = σ(-f Δ), g and k = tanh, all three of x and h: Hasani et al., 2022.

Δ is the last entry of x.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,), x, delta = state, x[..., :-1], x[..., -1:]
    s = sigmoid(-affine(weights, "f", x, h) * delta)
    g, k = np.tanh(affine(weights, "g", x, h)), np.tanh(affine(weights, "k", x, h))
    h_new = s * g + (1 - s) * k
    return h_new, (h_new,)
