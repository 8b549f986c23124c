"""z = tanh(W_z x + b_z); u = σ(V z + U_u h + d_u); h_t = u∘h + (1-u)∘z: Chen, 2017. `weight_zu` is V."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot, inputs, recurrent, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="MinimalRNNCell", ih="z", hh="u", others={"weight_mm": "weight_zu"})


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    z = np.tanh(inputs(weights, "z", x))
    u = sigmoid(recurrent(weights, "u", h) + dot(weights["weight_zu"], z))
    h_new = u * h + (1 - u) * z
    return h_new, (h_new,)
