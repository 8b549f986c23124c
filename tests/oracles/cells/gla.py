"""S_t = diag(α) S_{t-1} + k v^T; α = σ(a)^(1/τ); h = silu(r) ∘ N(S^T q): Yang et al., 2024."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, inputs, sigmoid
from oracles.matrices import asked, flat, heads_of, matrices_of, normed, outer, silu


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    q, k, v, a, r = (heads_of(inputs(weights, gate, x), spec.heads) for gate in "qkvar")
    keys = q[0].shape[-1]
    before = matrices_of(state[0], spec.heads, keys)
    after, h = [], []
    for n in range(spec.heads):
        alpha = np.exp(np.log(sigmoid(a[n])) / spec.temperature)
        after.append(alpha[..., None] * before[n] + outer(k[n], v[n]))
        h.append(silu(r[n]) * normed(asked(after[-1], q[n] / np.sqrt(keys))))
    return beside(*h), (flat(after),)
