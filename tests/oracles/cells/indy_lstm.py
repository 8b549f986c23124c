"""An LSTM with u∘h for U h: Gonnet and Deselaers, 2019. `diagonal` is u of i, f, g and o."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, inputs, sigmoid

STARTS_OTHERWISE = ("diagonal",)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c = state
    own = zip("ifgo", np.split(weights["diagonal"], 4, axis=-1), strict=True)
    i, f, g, o = (inputs(weights, gate, x) + u * h for gate, u in own)
    c_new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h_new = sigmoid(o) * np.tanh(c_new)
    return h_new, (h_new, c_new)
