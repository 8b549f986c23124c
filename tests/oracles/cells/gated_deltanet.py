"""S_t = α S_{t-1} (1 - β k k^T) + β k v^T, up to transposition; h = silu(g) ∘ N(S^T q): Yang et al., 2025.

α = exp(-exp(A) softplus(a)).
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, inputs, sigmoid
from oracles.matrices import asked, flat, head_gates, heads_of, matrices_of, normed, outer, silu, unit

STARTS_OTHERWISE = ("bias_heads", "decay_log")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    q, k, v = (heads_of(silu(inputs(weights, gate, x)), spec.heads) for gate in "qkv")
    g = heads_of(inputs(weights, "g", x), spec.heads)
    b, a = head_gates(weights, x, spec.heads)
    rates = np.split(np.exp(weights["decay_log"]), spec.heads, axis=-1)
    before = matrices_of(state[0], spec.heads, q[0].shape[-1])
    after, h = [], []
    for n in range(spec.heads):
        alpha, beta, key = np.exp(-rates[n] * np.log(1 + np.exp(a[n]))), sigmoid(b[n]), unit(k[n])
        forgotten = before[n] - outer(beta * key, asked(before[n], key))
        after.append(alpha[..., None] * forgotten + outer(beta * key, v[n]))
        h.append(silu(g[n]) * normed(asked(after[-1], unit(q[n]))))
    return beside(*h), (flat(after),)
