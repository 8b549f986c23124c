"""An LSTM whose gates act where its monotone master gates m and n overlap: Shen et al., 2019."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid


def cumax(a: Array) -> Array:
    """Running sums of a softmax."""
    e = np.exp(a - a.real.max(-1, keepdims=True))
    return np.cumsum(e, axis=-1) / e.sum(-1, keepdims=True)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c = state
    i, f, o = (sigmoid(affine(weights, gate, x, h)) for gate in "ifo")
    g = np.tanh(affine(weights, "g", x, h))
    master_f, master_i = cumax(affine(weights, "m", x, h)), 1 - cumax(affine(weights, "n", x, h))
    overlap = master_f * master_i
    f_hat = f * overlap + (master_f - overlap)
    i_hat = i * overlap + (master_i - overlap)
    c_new = f_hat * c + i_hat * g
    h_new = o * np.tanh(c_new)
    return h_new, (h_new, c_new)
