"""s_n = α_n∘β_n∘u + (1 - α_n∘δ_n)∘s_n; h = Σ η_n∘s_n: Ma et al., 2023. α, δ = σ of `alpha`, `damping`."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, inputs, sigmoid

STARTS_OTHERWISE = ("alpha", "damping", "beta", "eta")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    u = inputs(weights, "u", x)
    whole = [
        sigmoid(weights["alpha"]),
        sigmoid(weights["damping"]),
        weights["beta"],
        weights["eta"],
        state[0],
    ]
    parts = zip(*(np.split(part, spec.expansion, axis=-1) for part in whole), strict=True)
    h, new = 0 * u, []
    for alpha, delta, beta, eta, s in parts:
        new.append(alpha * beta * u + (1 - alpha * delta) * s)
        h = h + eta * new[-1]
    return h, (beside(*new),)
