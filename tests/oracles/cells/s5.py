"""s = e∘s + (e - 1)/λ∘(B x), e = exp(Δλ); h = 2 Re(C s) + D x: Smith et al., 2023.

λ = -exp(`log_decay`) + i `frequency`, Δ = exp(`log_step`); B is W_r + i W_i, to which b_r + i b_i is added,
C is U_r + i U_i, and D is W_d.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot, inputs
from oracles.cells.s4d import held

STARTS_OTHERWISE = ("weight_ih", "weight_hh", "log_decay", "frequency", "log_step")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    re, im = state
    e_re, e_im, g_re, g_im = held(
        np.exp(weights["log_step"]), -np.exp(weights["log_decay"]), weights["frequency"]
    )
    x_re, x_im = inputs(weights, "r", x), inputs(weights, "i", x)
    re, im = (
        e_re * re - e_im * im + g_re * x_re - g_im * x_im,
        e_im * re + e_re * im + g_re * x_im + g_im * x_re,
    )
    return 2 * (dot(weights["U_r"], re) - dot(weights["U_i"], im)) + inputs(weights, "d", x), (re, im)
