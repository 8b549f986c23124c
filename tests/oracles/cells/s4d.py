"""s_n = e∘s_n + (e - 1)/A_n∘u, e = exp(ΔA_n), for n = 1..N; h = 2 Σ Re(C_n∘s_n) + D∘u: Gu et al., 2022.

A = -exp(`log_decay`) + i `frequency`, Δ = exp(`log_step`), C = `c_re` + i `c_im`, D = `skip`.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, inputs

STARTS_OTHERWISE = ("log_decay", "frequency", "log_step", "c_re", "c_im", "skip")


def held(step: Array, a: Array, w: Array) -> tuple[Array, Array, Array, Array]:
    """The real and the imaginary part of exp(Δ(a + iw)) and of (exp(Δ(a + iw)) - 1) / (a + iw)."""
    e_re, e_im = np.exp(step * a) * np.cos(step * w), np.exp(step * a) * np.sin(step * w)
    size = a**2 + w**2
    return e_re, e_im, ((e_re - 1) * a + e_im * w) / size, (e_im * a - (e_re - 1) * w) / size


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    u = inputs(weights, "u", x)
    whole = [-np.exp(weights["log_decay"]), weights["frequency"], weights["c_re"], weights["c_im"], *state]
    parts = zip(*(np.split(part, spec.expansion, axis=-1) for part in whole), strict=True)
    h, new_re, new_im = weights["skip"] * u, [], []
    for a, w, c_re, c_im, re, im in parts:
        e_re, e_im, g_re, g_im = held(np.exp(weights["log_step"]), a, w)
        new_re.append(e_re * re - e_im * im + g_re * u)
        new_im.append(e_im * re + e_re * im + g_im * u)
        h = h + 2 * (c_re * new_re[-1] - c_im * new_im[-1])
    return h, (beside(*new_re), beside(*new_im))
