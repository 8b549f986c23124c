"""A GRU whose missing inputs and whose state fade with the time since an input was seen: Che et al., 2018.

NaN is missing, and Δ the last entry of x. `weight_mask` is V of z, r and n; D, e, p, q are `weight_gap`,
`bias_gap`, `decay`, `bias_decay`. The state is h, the last value seen, and (1 - m)∘δ.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot, sigmoid

STARTS_OTHERWISE = ("decay",)
READS_MISSING = True


def fading(rate: Array) -> Array:
    return np.exp(-np.where(rate.real > 0, rate, 0))


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h, last, gap), x, delta = state, x[..., :-1], x[..., -1:]
    missing = np.isnan(x)
    m = np.where(missing, 0.0, 1.0)
    gap = delta + gap
    kept = fading(weights["decay"] * gap + weights.get("bias_decay", 0.0))
    h = fading(dot(weights["weight_gap"], gap) + weights.get("bias_gap", 0.0)) * h
    seen = np.where(missing, kept * last + (1 - kept) * spec.mean, x)
    of_mask = dict(zip("zrn", np.split(dot(weights["weight_mask"], m), 3, axis=-1), strict=True))
    z = sigmoid(affine(weights, "z", seen, h) + of_mask["z"])
    r = sigmoid(affine(weights, "r", seen, h) + of_mask["r"])
    n = np.tanh(affine(weights, "n", seen, r * h) + of_mask["n"])
    h_new = (1 - z) * h + z * n
    return h_new, (h_new, np.where(missing, last, x), np.where(missing, gap, 0))
