"""An LSTM of a_h∘N(U h) + a_x∘N(W x) + b, whose output gate sees tanh(a_c∘N(c_t) + s_c).

Ba et al., 2016. N takes the sums of the four gates i, f, g, o as one vector.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, dot, sigmoid

STARTS_OTHERWISE = ("gain_ih", "gain_hh", "gain_c")


def normalise(z: Array) -> Array:
    """(z - mean) / sqrt(variance + 1e-5)."""
    apart = z - z.mean(-1, keepdims=True)
    return apart / np.sqrt((apart**2).mean(-1, keepdims=True) + 1e-5)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c = state
    from_h = normalise(beside(*(dot(weights[f"U_{gate}"], h) for gate in "ifgo")))
    from_x = normalise(beside(*(dot(weights[f"W_{gate}"], x) for gate in "ifgo")))
    sums = np.split(weights["gain_hh"] * from_h + weights["gain_ih"] * from_x, 4, axis=-1)
    i, f, g, o = (part + weights.get(f"b_{gate}", 0.0) for gate, part in zip("ifgo", sums, strict=True))
    c_new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h_new = sigmoid(o) * np.tanh(weights["gain_c"] * normalise(c_new) + weights.get("bias_c", 0.0))
    return h_new, (h_new, c_new)
