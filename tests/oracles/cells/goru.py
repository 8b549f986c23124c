"""A GRU whose candidate is modReLU(W x + r∘(U h)), U of L layers of rotations: Jing et al., 2019.

z keeps the state. `theta` are the angles, layer by layer; b_n are the thresholds of modReLU.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, beside, dot, sigmoid

STARTS_OTHERWISE = ("theta",)


def rotated(theta: Array, h: Array, capacity: int) -> Array:
    """U h."""
    units, number = [h[..., k : k + 1] for k in range(h.shape[-1])], 0
    for layer in range(capacity):
        for k in range(layer % 2, len(units) - 1, 2):
            c, s = np.cos(theta[..., number : number + 1]), np.sin(theta[..., number : number + 1])
            units[k], units[k + 1] = c * units[k] - s * units[k + 1], s * units[k] + c * units[k + 1]
            number += 1
    return beside(*units)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    z, r = sigmoid(affine(weights, "z", x, h)), sigmoid(affine(weights, "r", x, h))
    s = dot(weights["W_n"], x) + r * rotated(weights["theta"], h, spec.capacity)
    sign = np.where(s > 0, 1.0, -1.0)
    size = sign * s + weights.get("b_n", 0.0)
    h_new = z * h + (1 - z) * sign * np.where(size > 0, size, 0.0)
    return h_new, (h_new,)
