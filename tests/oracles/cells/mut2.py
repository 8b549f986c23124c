"""MUT2: r = σ(x̂ + U_r h + d_r); n = tanh(U_n (r∘h) + W_n x + b_n); h_t = n∘z + h∘(1-z).

Jozefowicz et al., 2015.
x̂ is x, or S x with `weight_skip`: torchrecurrent has S at every width, so that its cell is a GRU.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot, recurrent, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="MUT2Cell", ih="zxn", hh="zrn", skips={"x": "weight_skip"})


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    skip = dot(weights["weight_skip"], x) if "weight_skip" in weights else x
    z, r = sigmoid(affine(weights, "z", x, h)), sigmoid(skip + recurrent(weights, "r", h))
    h_new = np.tanh(affine(weights, "n", x, r * h)) * z + h * (1 - z)
    return h_new, (h_new,)
