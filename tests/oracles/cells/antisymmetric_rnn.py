"""h_t = h + ε tanh((W - Wᵀ - γ I) h + V x + b): Chang et al., 2019."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot, inputs
from oracles.elsewhere import Same

STARTS_OTHERWISE = ("weight_hh",)
TORCHRECURRENT = Same(
    name="AntisymmetricRNNCell",
    ih="h",
    spec={"dt": 0.3, "gamma": 0.2},
    options={"epsilon": 0.3, "gamma": 0.2},
)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    w = weights["U_h"]
    a = dot(w, h) - dot(np.swapaxes(w, -1, -2), h) - spec.gamma * h
    h_new = h + spec.dt * np.tanh(a + inputs(weights, "h", x))
    return h_new, (h_new,)
