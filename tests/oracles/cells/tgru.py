"""z, f = σ, o = tanh of V x_{t-1} + W x_t + b; h = f∘h + z∘o: Balduzzi and Ghifary, 2016.

The state holds V x_{t-1} and h, where the library's holds x_{t-1}. `weight_before` is V of z, f and o.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot, inputs, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="TGRUCell", ih="zfo", others={"weight_hh": "weight_before"}, outputs_only=True)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    before, h = state
    v_z, v_f, v_o = np.split(before, 3, axis=-1)
    z, f = v_z + inputs(weights, "z", x), sigmoid(v_f + inputs(weights, "f", x))
    h_new = f * h + z * np.tanh(v_o + inputs(weights, "o", x))
    return h_new, (dot(weights["weight_before"], x), h_new)
