"""u' = g u / ‖u‖ for each row u of U: Salimans & Kingma, 2016."""

import numpy as np

from oracles.arrays import Array, State, Weights
from oracles.cells import Oracle
from oracles.switches import Drawn


def step(inner: Oracle, weights: Weights, x: Array, state: State, drawn: Drawn) -> tuple[Array, State]:
    recurrent = [name for name in weights if name.startswith("U_")]
    gains = np.split(weights["switch.gain"], len(recurrent), axis=-1)
    normed = {}
    for name, gain in zip(recurrent, gains, strict=True):
        u = weights[name]
        normed[name] = gain[..., :, None] * u / np.sqrt((u * u).sum(-1, keepdims=True))
    return inner.step(weights | normed, x, state)
