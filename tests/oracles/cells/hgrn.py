"""s = f∘exp(iθ)∘s + (1-f)∘c, f = γ + (1-γ)σ, c = silu + i silu; h = U_r (p∘Re s) + U_i (q∘Im s).

Qin et al., 2023. p and q are σ of x. `theta` is θ.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot, inputs, sigmoid

STARTS_OTHERWISE = ("theta",)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    re, im = state
    f, r, i, p, q = (inputs(weights, gate, x) for gate in "fripq")
    f = spec.lower_bound + (1 - spec.lower_bound) * sigmoid(f)
    cos, sin = np.cos(weights["theta"]), np.sin(weights["theta"])
    re, im = (
        f * (cos * re - sin * im) + (1 - f) * r * sigmoid(r),
        f * (sin * re + cos * im) + (1 - f) * i * sigmoid(i),
    )
    h = dot(weights["U_r"], sigmoid(p) * re) + dot(weights["U_i"], sigmoid(q) * im)
    return h, (re, im)
