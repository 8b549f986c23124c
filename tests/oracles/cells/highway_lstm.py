"""An LSTM with c + d∘k, d = σ(W_d x + p∘c_{t-1} + q∘k + b_d), for the input [x; k]: Zhang et al., 2016.

k is the cell state of the layer below; there is none without `below`. W_d and b_d are `weight_carry` and
`bias_carry`, p and q `peephole`; `weight_below` brings k to the width of c.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, beside, dot, sigmoid

STARTS_OTHERWISE = ("weight_ih",)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c = state
    carried = 0.0
    if spec.below:
        half = x.shape[-1] - x.shape[-1] // 2
        x, k = x[..., :half], x[..., half:]
        k = dot(weights["weight_below"], k) if "weight_below" in weights else k
        p, q = np.split(weights["peephole"], 2, axis=-1)
        d = sigmoid(dot(weights["weight_carry"], x) + p * c + q * k + weights.get("bias_carry", 0.0))
        carried = d * k
    i, f = sigmoid(affine(weights, "i", x, h)), sigmoid(affine(weights, "f", x, h))
    c_new = f * c + i * np.tanh(affine(weights, "g", x, h)) + carried
    h_new = sigmoid(affine(weights, "o", x, h)) * np.tanh(c_new)
    return beside(h_new, c_new), (h_new, c_new)
