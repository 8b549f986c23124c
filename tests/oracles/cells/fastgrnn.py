"""s = W x + U h; h_t = (σ(ζ)(1-z) + σ(ν))∘tanh(s + b_n) + z∘h, z = σ(s + b_z): Kusupati et al., 2018.

`bias_zn` is b_z, b_n, `zeta` and `nu` are ζ, ν; W is W_s, or W_s R, R = `weight_ih_right`, and U likewise.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot, sigmoid
from oracles.elsewhere import Same

STARTS_OTHERWISE = ("zeta", "nu")
TORCHRECURRENT = Same(
    name="FastGRNNCell",
    ih="s",
    others={"bias_ih": "bias_zn", "zeta": "zeta", "nu": "nu"},
    options={"nonlinearity": "sigmoid"},
)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    low_x = dot(weights["weight_ih_right"], x) if "weight_ih_right" in weights else x
    low_h = dot(weights["weight_hh_right"], h) if "weight_hh_right" in weights else h
    s = dot(weights["W_s"], low_x) + dot(weights["U_s"], low_h)
    b_z, b_n = np.split(weights["bias_zn"], 2, axis=-1) if "bias_zn" in weights else (0.0, 0.0)
    z = sigmoid(s + b_z)
    taken = sigmoid(weights["zeta"]) * (1 - z) + sigmoid(weights["nu"])
    h_new = taken * np.tanh(s + b_n) + z * h
    return h_new, (h_new,)
