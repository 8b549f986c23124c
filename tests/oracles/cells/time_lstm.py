"""An LSTM that sees c - s + g(Δ) s instead of c, s = tanh(U_s c + d_s): Baytas et al., 2017.

Δ is the last entry of x; g(Δ) is 1/log(e + Δ) or 1/Δ.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, recurrent, sigmoid


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h, c), x, delta = state, x[..., :-1], x[..., -1:]
    discount = 1 / delta if spec.decay == "reciprocal" else 1 / np.log(np.e + delta)
    short = np.tanh(recurrent(weights, "s", c))
    adjusted = (c - short) + short * discount
    i, f, o = (sigmoid(affine(weights, gate, x, h)) for gate in "ifo")
    c_new = f * adjusted + i * np.tanh(affine(weights, "g", x, h))
    h_new = o * np.tanh(c_new)
    return h_new, (h_new, c_new)
