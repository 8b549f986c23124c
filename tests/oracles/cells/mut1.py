"""MUT1: z = σ(W_z x + b_z); n = tanh(U_n (r∘h) + tanh(x̂) + d_n); h_t = n∘z + h∘(1-z).

Jozefowicz et al., 2015.
x̂ is x, or S x with `weight_skip`: torchrecurrent has S at every width, and a bias to it, which is 0 here.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot, inputs, recurrent, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="MUT1Cell", ih="zrx", hh="rn", skips={"x": "weight_skip"})


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    skip = dot(weights["weight_skip"], x) if "weight_skip" in weights else x
    z, r = sigmoid(inputs(weights, "z", x)), sigmoid(affine(weights, "r", x, h))
    n = np.tanh(recurrent(weights, "n", r * h) + np.tanh(skip))
    h_new = n * z + h * (1 - z)
    return h_new, (h_new,)
