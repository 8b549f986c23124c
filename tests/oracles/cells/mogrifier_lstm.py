"""x = 2σ(Q h)∘x and h = 2σ(R x)∘h in turns, r times, then an LSTM: Melis et al., 2020.

Q^1, Q^3, .. are one below the other in `weight_q`, R^2, R^4, .. in `weight_r`.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot, sigmoid


def seen(weights: Weights, name: str, number: int, operand: Array, spec: Any) -> Array:
    """What the left factor of a matrix of low rank multiplies."""
    if spec.rank is None:
        return operand
    return dot(weights[name][..., number * spec.rank : (number + 1) * spec.rank, :], operand)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c = state
    width, width_in = h.shape[-1], x.shape[-1]
    for k in range(spec.rounds):
        first = k // 2
        if k % 2 == 0:
            q = weights["weight_q"][..., first * width_in : (first + 1) * width_in, :]
            x = 2 * sigmoid(dot(q, seen(weights, "weight_q_right", first, h, spec))) * x
        else:
            r = weights["weight_r"][..., first * width : (first + 1) * width, :]
            h = 2 * sigmoid(dot(r, seen(weights, "weight_r_right", first, x, spec))) * h
    i, f, o = (sigmoid(affine(weights, gate, x, h)) for gate in "ifo")
    c_new = f * c + i * np.tanh(affine(weights, "g", x, h))
    h_new = o * np.tanh(c_new)
    return h_new, (h_new, c_new)
