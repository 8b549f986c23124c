"""An LSTM whose c is the output of an inner LSTM, reading i∘g from the state f∘c: Moniz and Krueger, 2017.

`inner_ih`, `inner_hh` and `inner_bias` have the gates i, f, g, o of the inner LSTM, d is its cell state.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot, sigmoid

STARTS_OTHERWISE = ("inner_bias",)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c, d = state
    i, f, o = (sigmoid(affine(weights, gate, x, h)) for gate in "ifo")
    g = affine(weights, "g", x, h)
    g = np.tanh(g) if spec.candidate == "tanh" else g
    sums = dot(weights["inner_ih"], i * g) + dot(weights["inner_hh"], f * c) + weights.get("inner_bias", 0.0)
    inner_i, inner_f, inner_g, inner_o = np.split(sums, 4, axis=-1)
    d_new = sigmoid(inner_f) * d + sigmoid(inner_i) * np.tanh(inner_g)
    c_new = sigmoid(inner_o) * np.tanh(d_new)
    h_new = o * np.tanh(c_new)
    return h_new, (h_new, c_new, d_new)
