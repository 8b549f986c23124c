"""h_t = c∘h + (1-c)∘tanh(W_n x + a∘h + b_n): Vecoven et al., 2021. `modulation` is w_a, w_c.

a = 1 + tanh(W_a x + w_a∘h + b_a); c = σ(W_c x + w_c∘h + b_c).
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, inputs, sigmoid
from oracles.elsewhere import Same

STARTS_OTHERWISE = ("modulation",)
TORCHRECURRENT = Same(name="BRCell", ih="acn", hh="", others={"weight_hh": "modulation"})


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    w_a, w_c = np.split(weights["modulation"], 2, axis=-1)
    a = 1 + np.tanh(inputs(weights, "a", x) + w_a * h)
    c = sigmoid(inputs(weights, "c", x) + w_c * h)
    h_new = c * h + (1 - c) * np.tanh(inputs(weights, "n", x) + a * h)
    return h_new, (h_new,)
