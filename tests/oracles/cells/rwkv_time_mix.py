"""The WKV of RWKV-4: Peng et al., 2023.

Of each unit, A = a exp(p) and B = b exp(p) are sums of exp(k) v and of exp(k) over the past, each e^-w of
what it was a step before. wkv = (A + exp(u+k) v) / (B + exp(u+k)); h = W_o (σ(r)∘wkv). r, k, v see μ∘x_t and
(1-μ)∘x_{t-1}; what the latter adds is the first part of the state. `mix` is μ of r, k, v,
w = exp(`log_decay`), u = `bonus`, W_o = `weight_out`.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, dot, inputs, sigmoid

STARTS_OTHERWISE = ("mix", "log_decay", "bonus")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    q, p, a, b = state
    mixes = {gate: weights["mix"][..., k, :] for k, gate in enumerate("rkv")}
    seen = {gate: inputs(weights, gate, mixes[gate] * x) for gate in "rkv"}
    r, k, v = (seen[gate] + part for gate, part in zip("rkv", np.split(q, 3, axis=-1), strict=True))
    u, w = weights["bonus"], np.exp(weights["log_decay"])
    total, weight = a * np.exp(p), np.where(b.real < 0, -b, b) * np.exp(p)
    wkv = (total + np.exp(u + k) * v) / (weight + np.exp(u + k))
    total, weight = np.exp(-w) * total + np.exp(k) * v, np.exp(-w) * weight + np.exp(k)
    p_new = np.where((p - w).real > k.real, p - w, k)
    after = beside(*(dot(weights[f"W_{gate}"], (1 - mixes[gate]) * x) for gate in "rkv"))
    h = dot(weights["weight_out"], sigmoid(r) * wkv)
    return h, (after, p_new, total / np.exp(p_new), weight / np.exp(p_new))
