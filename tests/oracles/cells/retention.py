"""S_t = γ S_{t-1} + k v^T; h = silu(g) ∘ N(S^T q), γ = 1 - 2^(-5-n) in head n: Sun et al., 2023."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, inputs
from oracles.matrices import asked, flat, heads_of, matrices_of, normed, outer, silu


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    q, k, v, g = (heads_of(inputs(weights, gate, x), spec.heads) for gate in "qkvg")
    keys = q[0].shape[-1]
    before = matrices_of(state[0], spec.heads, keys)
    after, h = [], []
    for n in range(spec.heads):
        after.append((1 - 2.0 ** (-5 - n)) * before[n] + outer(k[n] / np.sqrt(keys), v[n]))
        h.append(silu(g[n]) * normed(asked(after[-1], q[n])))
    return beside(*h), (flat(after),)
