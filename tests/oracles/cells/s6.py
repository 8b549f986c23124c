"""s_n = e∘s_n + B_n (e - 1)/A_n∘u, e = exp(ΔA_n); h = Σ C_n s_n + D∘u; Δ = softplus of x, B and C of x.

Gu and Dao, 2023. With hold "euler", Δ stands for (e - 1)/A. `weight_select` gives B, then C;
A = -exp(`log_decay`), D = `skip`.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, dot, inputs

STARTS_OTHERWISE = ("bias", "log_decay", "skip")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    u, delta = inputs(weights, "u", x), np.log(1 + np.exp(inputs(weights, "d", x)))
    b, c = np.split(dot(weights["weight_select"], x), 2, axis=-1)
    rates = np.split(np.exp(weights["log_decay"]), spec.expansion, axis=-1)
    h, new = weights["skip"] * u, []
    for n, s in enumerate(np.split(state[0], spec.expansion, axis=-1)):
        e = np.exp(-delta * rates[n])
        held = delta if spec.hold == "euler" else (1 - e) / rates[n]
        new.append(e * s + b[..., n : n + 1] * held * u)
        h = h + c[..., n : n + 1] * new[n]
    return h, (beside(*new),)
