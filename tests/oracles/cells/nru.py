"""A memory that heads add to and take from, each along a direction of 5-norm 1: Chandar et al., 2019.

The directions are the pieces of two outer products. `weight_m`, `weight_strength` and `weight_direction` are
C, S and D. As in the authors' code the changes of all heads are averaged.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, beside, dot


def relu(a: Array) -> Array:
    return np.where(a > 0, a, 0.0)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, m = state
    h_new = relu(affine(weights, "h", x, h) + dot(weights["weight_m"], m))
    seen = beside(h_new, m)
    strengths = dot(weights["weight_strength"], seen) + weights.get("bias_strength", 0.0)
    factors = dot(weights["weight_direction"], seen) + weights.get("bias_direction", 0.0)
    strengths = relu(strengths) if spec.rectified else strengths
    p, q, r, s = np.split(factors, 4, axis=-1)
    m_new = m
    for sign, left, right, first in [(1, p, q, 0), (-1, r, s, spec.heads)]:
        pieces = np.split(
            beside(*(left[..., k : k + 1] * right for k in range(left.shape[-1]))), spec.heads, -1
        )
        for head, v in enumerate(pieces):
            v = relu(v) if spec.rectified else v
            size = (np.sign(v.real) * v) ** 5
            total = size.sum(-1, keepdims=True)
            unit = v / np.where(total.real == 0, 1.0, total) ** 0.2
            m_new = m_new + sign * strengths[..., first + head : first + head + 1] * unit / spec.heads
    return h_new, (h_new, m_new)
