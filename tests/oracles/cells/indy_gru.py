"""A GRU (Cho et al., 2014) with u∘h for U h (Gonnet and Deselaers, 2019). `diagonal` is u of r, z and n."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, inputs, sigmoid

STARTS_OTHERWISE = ("diagonal",)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    u_r, u_z, u_n = np.split(weights["diagonal"], 3, axis=-1)
    r = sigmoid(inputs(weights, "r", x) + u_r * h)
    z = sigmoid(inputs(weights, "z", x) + u_z * h)
    n = np.tanh(inputs(weights, "n", x) + u_n * (r * h))
    h_new = z * h + (1 - z) * n
    return h_new, (h_new,)
