"""h_t = modReLU((I + A)⁻¹ (I - A) D h + W x), A skew, D of -1 and 1: Helfrich et al., 2018.

The part of U_h above the diagonal is that of A; b_h are the thresholds of modReLU.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot

STARTS_OTHERWISE = ("weight_hh", "bias")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    upper = np.triu(weights["U_h"], 1)
    a, eye = upper - np.swapaxes(upper, -1, -2), np.eye(upper.shape[-1])
    d = np.where(np.arange(len(eye)) < int(spec.negative * len(eye)), -1.0, 1.0)
    z = dot(np.linalg.inv(eye + a), dot(eye - a, d * h)) + dot(weights["W_h"], x)
    sign = np.where(z > 0, 1.0, -1.0)
    size = sign * z + weights.get("b_h", 0.0)
    h_new = sign * np.where(size > 0, size, 0.0)
    return h_new, (h_new,)
