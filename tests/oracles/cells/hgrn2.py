"""S_t = diag(f) S_{t-1} + (1 - f) i^T; f = γ + (1 - γ) σ; h = S^T σ(o): Qin et al., 2024."""

from typing import Any

from oracles.arrays import Array, State, Weights, beside, inputs, sigmoid
from oracles.matrices import asked, flat, heads_of, matrices_of, outer


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    f, i, o = (heads_of(inputs(weights, gate, x), spec.heads) for gate in "fio")
    before = matrices_of(state[0], spec.heads, f[0].shape[-1])
    after, h = [], []
    for n in range(spec.heads):
        keep = spec.lower_bound + (1 - spec.lower_bound) * sigmoid(f[n])
        after.append(keep[..., None] * before[n] + outer(1 - keep, i[n]))
        h.append(asked(after[-1], sigmoid(o[n])))
    return beside(*h), (flat(after),)
