"""U' = (1 + A)^-1 (1 - A) with A = (U - Uᵀ) / 2, gate by gate: Helfrich et al., 2018."""

import numpy as np

from oracles.arrays import Array, State, Weights
from oracles.cells import Oracle
from oracles.switches import Drawn


def step(inner: Oracle, weights: Weights, x: Array, state: State, drawn: Drawn) -> tuple[Array, State]:
    turned = {}
    for name in weights:
        if name.startswith("U_"):
            a, one = (weights[name] - np.swapaxes(weights[name], -1, -2)) / 2, np.eye(state[0].shape[-1])
            turned[name] = np.linalg.inv(one + a) @ (one - a)
    return inner.step(weights | turned, x, state)
