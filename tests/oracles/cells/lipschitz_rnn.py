"""h_t = h + ε (A h + tanh(W h + U x + b)), A and W by symmetric and antisymmetric parts.

Erichson et al., 2021; U_a and U_w are M_A and M_W.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot, inputs

STARTS_OTHERWISE = ("weight_hh",)


def mixed(m: Array, beta: float, gamma: float) -> Array:
    """(1 - β) (M + Mᵀ) + β (M - Mᵀ) - γ I."""
    turned = np.swapaxes(m, -1, -2)
    return (1 - beta) * (m + turned) + beta * (m - turned) - gamma * np.eye(m.shape[-1])


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    a = mixed(weights["U_a"], spec.beta_a, spec.gamma_a)
    w = mixed(weights["U_w"], spec.beta_w, spec.gamma_w)
    h_new = h + spec.dt * (dot(a, h) + np.tanh(dot(w, h) + inputs(weights, "w", x)))
    return h_new, (h_new,)
