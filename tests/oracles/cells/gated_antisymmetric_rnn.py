"""A = W - Wᵀ - γ I; z = σ(A h + V_z x + b_z); h_t = h + ε z∘tanh(A h + V_h x + b_h): Chang et al., 2019."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot, inputs, sigmoid
from oracles.elsewhere import Same

STARTS_OTHERWISE = ("weight_hh",)
TORCHRECURRENT = Same(
    name="GatedAntisymmetricRNNCell",
    ih="zh",
    hh="h",
    spec={"dt": 0.3, "gamma": 0.2},
    options={"epsilon": 0.3, "gamma": 0.2},
)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    w = weights["U_h"]
    a = dot(w, h) - dot(np.swapaxes(w, -1, -2), h) - spec.gamma * h
    z = sigmoid(a + inputs(weights, "z", x))
    h_new = h + spec.dt * z * np.tanh(a + inputs(weights, "h", x))
    return h_new, (h_new,)
