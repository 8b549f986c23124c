"""S += φ(k) v^T; z += φ(k); h = S^T φ(q) / z·φ(q), φ = elu + 1: Katharopoulos et al., 2020.

z is the last column of S.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, inputs
from oracles.matrices import asked, flat, heads_of, matrices_of, outer


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    q, k, v = (heads_of(inputs(weights, gate, x), spec.heads) for gate in "qkv")
    before = matrices_of(state[0], spec.heads, q[0].shape[-1])
    after, h = [], []
    for n in range(spec.heads):
        phi_q, phi_k = (np.where(a > 0, a + 1, np.exp(a)) for a in (q[n], k[n]))
        after.append(before[n] + outer(phi_k, beside(v[n], np.ones(1))))
        found = asked(after[-1], phi_q)
        h.append(found[..., :-1] / found[..., -1:])
    return beside(*h), (flat(after),)
