"""S_t = S_{t-1} + β k (v - S_{t-1}^T k)^T; h = N(S^T q): Yang et al., 2024."""

from typing import Any

from oracles.arrays import Array, State, Weights, beside, inputs, sigmoid
from oracles.matrices import asked, flat, head_gates, heads_of, matrices_of, normed, outer, silu, unit


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    q, k, v = (heads_of(silu(inputs(weights, gate, x)), spec.heads) for gate in "qkv")
    (b,) = head_gates(weights, x, spec.heads)
    before = matrices_of(state[0], spec.heads, q[0].shape[-1])
    after, h = [], []
    for n in range(spec.heads):
        key = unit(k[n])
        after.append(before[n] + outer(key, sigmoid(b[n]) * (v[n] - asked(before[n], key))))
        h.append(normed(asked(after[-1], unit(q[n]))))
    return beside(*h), (flat(after),)
