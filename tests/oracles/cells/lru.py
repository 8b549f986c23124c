"""s_t = λ∘s_{t-1} + exp(γ)∘(B x_t); y_t = Re(C s_t) + D x_t, s complex: Orvieto et al., 2023.

λ = exp(-exp(ν) + i exp(θ)), B is W_r + i W_i, to which b_r + i b_i is added, C is U_r + i U_i, and D is W_d.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot, inputs

STARTS_OTHERWISE = ("weight_ih", "weight_hh", "nu_log", "theta_log", "gamma_log")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    re, im = state
    size, angle = np.exp(-np.exp(weights["nu_log"])), np.exp(weights["theta_log"])
    a, b, gain = size * np.cos(angle), size * np.sin(angle), np.exp(weights["gamma_log"])
    re, im = (
        a * re - b * im + gain * inputs(weights, "r", x),
        a * im + b * re + gain * inputs(weights, "i", x),
    )
    return dot(weights["U_r"], re) - dot(weights["U_i"], im) + inputs(weights, "d", x), (re, im)
