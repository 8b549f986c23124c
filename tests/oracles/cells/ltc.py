"""L times h <- (h + d f∘A) / (1 + d (1/τ + f)), f = σ(W x + U h + b), d = Δ/L: Hasani et al., 2021.

Δ is the last entry of x; τ = exp(`log_tau`), A = `resting`.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid

STARTS_OTHERWISE = ("weight_ih", "weight_hh", "resting")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,), x, d = state, x[..., :-1], x[..., -1:] / spec.unfolds
    for _ in range(spec.unfolds):
        f = sigmoid(affine(weights, "f", x, h))
        h = (h + d * f * weights["resting"]) / (1 + d * (np.exp(-weights["log_tau"]) + f))
    return h, (h,)
