"""A_t = λ A + η h h^T; h^0 = relu(s), h^k = relu(a∘N(s + A_t h^{k-1}) + d), by Ba et al., 2016.

s is W x + U h + b, a and d are `gain` and `bias_norm`; the state is h and A, row by row.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot

STARTS_OTHERWISE = ("weight_hh", "gain")


def relu(z: Array) -> Array:
    return np.where(z.real > 0, z, 0)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, a = state
    width = h.shape[-1]
    fast = spec.decay * a.reshape(*a.shape[:-1], width, width) + spec.rate * h[..., :, None] * h[..., None, :]
    s = affine(weights, "h", x, h)
    h_new = relu(s)
    for _ in range(spec.inner_steps):
        z = s + dot(fast, h_new)
        apart = z - z.mean(-1, keepdims=True)
        normal = apart / np.sqrt((apart**2).mean(-1, keepdims=True) + 1e-5)
        h_new = relu(weights["gain"] * normal + weights.get("bias_norm", 0.0))
    return h_new, (h_new, fast.reshape(*fast.shape[:-2], width * width))
