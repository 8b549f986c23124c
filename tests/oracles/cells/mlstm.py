"""C_t = f C_{t-1} + i k v^T; n_t = f n_{t-1} + i k; h = o ∘ C^T q / max(|n·q|, 1): Beck et al., 2024.

n is the last column of C; both are kept times exp(-m), m_t = max(log f + m_{t-1}, log i).
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, inputs, sigmoid
from oracles.matrices import asked, flat, head_gates, heads_of, matrices_of, outer

STARTS_OTHERWISE = ("bias_heads",)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    q, k, v, o = (heads_of(inputs(weights, gate, x), spec.heads) for gate in "qkvo")
    i, f = head_gates(weights, x, spec.heads)
    keys = q[0].shape[-1]
    before, m_before = matrices_of(state[0], spec.heads, keys), np.split(state[1], spec.heads, axis=-1)
    after, m_after, h = [], [], []
    for n in range(spec.heads):
        log_f = np.log(sigmoid(f[n]))
        m = np.where(log_f + m_before[n] > i[n], log_f + m_before[n], i[n])
        kept, let_in = np.exp(log_f + m_before[n] - m), np.exp(i[n] - m)
        C = kept[..., None] * before[n] + outer(let_in * k[n] / np.sqrt(keys), beside(v[n], np.ones(1)))
        found = asked(C, q[n])
        size = np.where(found[..., -1:] > 0, found[..., -1:], -found[..., -1:])
        h.append(sigmoid(o[n]) * found[..., :-1] / np.where(size > np.exp(-m), size, np.exp(-m)))
        after.append(C)
        m_after.append(m)
    return beside(*h), (flat(after), beside(*m_after))
