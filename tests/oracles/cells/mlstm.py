"""C_t = f C_{t-1} + i k v^T; n_t = f n_{t-1} + i k; h = o ∘ C^T q / max(|n·q|, 1): Beck et al., 2024.

n is the last column of C; both are kept times exp(-m), m_t = max(log f + m_{t-1}, log i). With options as in
Beck et al., 2025 (xLSTM 7B): sums of i and f by c tanh(z / c), ε beside max(|n·q|, 1) as both are kept, layer
normalisation of each head's vector before o.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, inputs, sigmoid
from oracles.matrices import asked, flat, head_gates, heads_of, matrices_of, outer

STARTS_OTHERWISE = ("bias_heads", "gain")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    q, k, v, o = (heads_of(inputs(weights, gate, x), spec.heads) for gate in "qkvo")
    i, f = head_gates(weights, x, spec.heads)
    keys = q[0].shape[-1]
    before, m_before = matrices_of(state[0], spec.heads, keys), np.split(state[1], spec.heads, axis=-1)
    after, m_after, h = [], [], []
    for n in range(spec.heads):
        log_i, log_f = capped(i[n], spec.gate_cap), np.log(sigmoid(capped(f[n], spec.gate_cap)))
        m = np.where(log_f + m_before[n] > log_i, log_f + m_before[n], log_i)
        kept, let_in = np.exp(log_f + m_before[n] - m), np.exp(log_i - m)
        C = kept[..., None] * before[n] + outer(let_in * k[n] / np.sqrt(keys), beside(v[n], np.ones(1)))
        found = asked(C, q[n])
        size = np.where(found[..., -1:] > 0, found[..., -1:], -found[..., -1:])
        seen = found[..., :-1] / (np.where(size > np.exp(-m), size, np.exp(-m)) + spec.read_epsilon)
        if spec.head_norm:
            seen = np.split(weights["gain"], spec.heads, axis=-1)[n] * centred(seen)
        h.append(sigmoid(o[n]) * seen)
        after.append(C)
        m_after.append(m)
    return beside(*h), (flat(after), beside(*m_after))


def capped(z: Array, cap: float | None) -> Array:
    return z if cap is None else cap * np.tanh(z / cap)


def centred(z: Array) -> Array:
    """With a mean of 0 and a variance of 1."""
    z = z - z.mean(axis=-1, keepdims=True)
    return z / np.sqrt((z * z).mean(axis=-1, keepdims=True) + 1e-6)
