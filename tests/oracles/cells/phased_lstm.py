"""An LSTM with peepholes whose new h and c are mixed with the old by k, a clock: Neil et al., 2016.

φ = ((t - s) mod τ)/τ; k = 2φ/r where φ < r/2, 2 - 2φ/r where φ < r, αφ elsewhere. t sums the last entry of x;
τ = exp(`log_period`), s = `shift`, `peephole` is p of i, f and o.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid

STARTS_OTHERWISE = ("log_period", "shift")
STEEPNESS = 40  # 2/r, of k in the phase


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h, c, t), x, delta = state, x[..., :-1], x[..., -1:]
    p_i, p_f, p_o = np.split(weights["peephole"], 3, axis=-1)
    t_new = t + delta
    turns = (t_new - weights["shift"]) / np.exp(weights["log_period"])
    phase = turns - np.floor(turns.real)
    up, down = 2 * phase / spec.open_ratio, 2 - 2 * phase / spec.open_ratio
    k = np.where(
        phase.real < spec.open_ratio / 2,
        up,
        np.where(phase.real < spec.open_ratio, down, spec.leak * phase),
    )
    i = sigmoid(affine(weights, "i", x, h) + p_i * c)
    f = sigmoid(affine(weights, "f", x, h) + p_f * c)
    c_tilde = f * c + i * np.tanh(affine(weights, "g", x, h))
    o = sigmoid(affine(weights, "o", x, h) + p_o * c_tilde)
    c_new = k * c_tilde + (1 - k) * c
    h_new = k * (o * np.tanh(c_tilde)) + (1 - k) * h
    return h_new, (h_new, c_new, t_new)
