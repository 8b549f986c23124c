"""A GRU of normalised sums: Ba et al., 2016, supplement. N takes r and z as one vector, and n by itself.

[r, z] = a∘N(W x) + a'∘N(U h) + b; n = tanh(a∘N(W_n x) + b_n + σ(r)∘(a'∘N(U_n h) + β));
h_t = (1-σ(z))∘h + σ(z)∘n.
`gain_ih` is a, `gain_hh` a', of r, z, n each, and `bias_u` is β.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, dot, sigmoid

STARTS_OTHERWISE = ("gain_ih", "gain_hh")


def normalise(a: Array) -> Array:
    """(a - mean) / sqrt(variance + 1e-5)."""
    apart = a - a.mean(-1, keepdims=True)
    return apart / np.sqrt((apart**2).mean(-1, keepdims=True) + 1e-5)


def sums(weights: Weights, matrix: str, gain: str, vector: Array) -> list[Array]:
    """Those of r, z and n, normalised and scaled."""
    gates = normalise(beside(*(dot(weights[f"{matrix}_{gate}"], vector) for gate in "rz")))
    candidate = normalise(dot(weights[f"{matrix}_n"], vector))
    return np.split(weights[gain] * beside(gates, candidate), 3, axis=-1)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    b_r, b_z, b_n, shift = (weights.get(name, 0.0) for name in ("b_r", "b_z", "b_n", "bias_u"))
    (x_r, x_z, x_n), (h_r, h_z, h_n) = sums(weights, "W", "gain_ih", x), sums(weights, "U", "gain_hh", h)
    r, z = sigmoid(x_r + h_r + b_r), sigmoid(x_z + h_z + b_z)
    n = np.tanh(x_n + b_n + r * (h_n + shift))
    h_new = (1 - z) * h + z * n
    return h_new, (h_new,)
