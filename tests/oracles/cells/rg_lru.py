"""a_t = σ(Λ)^(c r); h = a_t∘h + sqrt(1 - a_t²)∘(i∘u), r and i of x: De et al., 2024. `decay` is Λ."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, inputs, sigmoid

STARTS_OTHERWISE = ("decay",)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    r, i = sigmoid(inputs(weights, "r", x)), sigmoid(inputs(weights, "i", x))
    a = np.exp(spec.power * r * np.log(sigmoid(weights["decay"])))
    h_new = a * h + np.sqrt(1 - a**2) * (i * inputs(weights, "u", x))
    return h_new, (h_new,)
