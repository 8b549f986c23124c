"""m_t = Ā m + B̄ u, u = e_x·x + e_h·h + e_m·m; h_t = tanh(W x + U h + V m_t + b): Voelker et al., 2019.

V is `weight_memory`, e are the encoders. Ā = exp(A / θ) and B̄ = A^{-1} (Ā - I) B: a zero-order hold.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot

STARTS_OTHERWISE = ("encoder_x", "encoder_h")


def exponential(a: Array, halvings: int = 30) -> Array:
    """exp(a) - 1 by its series at a / 2^n, then by (1 + e)^2 - 1 = 2 e + e^2."""
    a = a / 2.0**halvings
    less = a + a @ a / 2 + a @ a @ a / 6
    for _ in range(halvings):
        less = 2 * less + less @ less
    return less


def memory(order: int, theta: float) -> tuple[Array, Array]:
    a = np.array([[-1 if i < j else (-1) ** (i - j + 1) for j in range(order)] for i in range(order)])
    scale = 2 * np.arange(order) + 1.0
    a, b = scale[:, None] * a, scale * (-1.0) ** np.arange(order)
    less = exponential(a / theta)
    return np.eye(order) + less, np.linalg.solve(a, less @ b)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, m = state
    a, b = memory(m.shape[-1], spec.theta)
    u = sum(
        (weights[f"encoder_{name}"] * part).sum(-1, keepdims=True)
        for name, part in (("x", x), ("h", h), ("m", m))
    )
    m_new = dot(a, m) + b * u
    h_new = np.tanh(affine(weights, "h", x, h) + dot(weights["weight_memory"], m_new))
    return h_new, (h_new, m_new)
