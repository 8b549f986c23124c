"""h_t = modReLU(exp(A) h + W x), A skew: Lezcano-Casado and Martínez-Rubio, 2019.

The part of U_h above the diagonal is that of A; b_h are the thresholds of modReLU.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot

STARTS_OTHERWISE = ("weight_hh", "bias")
HALVINGS, TERMS = 10, 12


def exponential(a: Array) -> Array:
    """Its series at A / 2^10, squared 10 times."""
    small = a / 2**HALVINGS
    term = found = np.eye(a.shape[-1]) + 0 * a
    for k in range(1, TERMS):
        term = term @ small / k
        found = found + term
    for _ in range(HALVINGS):
        found = found @ found
    return found


def skew(weights: Weights) -> Array:
    """A."""
    upper = np.triu(weights["U_h"], 1)
    return upper - np.swapaxes(upper, -1, -2)


def modrelu(z: Array, threshold: Array | float) -> Array:
    """sign(z) relu(|z| + b)."""
    sign = np.where(z > 0, 1.0, -1.0)
    size = sign * z + threshold
    return sign * np.where(size > 0, size, 0.0)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    z = dot(exponential(skew(weights)), h) + dot(weights["W_h"], x)
    h_new = modrelu(z, weights.get("b_h", 0.0))
    return h_new, (h_new,)
