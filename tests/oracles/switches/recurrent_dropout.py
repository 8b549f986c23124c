"""m∘g in place of the candidate g, for some cells: Semeniuta et al., 2016, equations 14 and 15."""

import numpy as np

from oracles.arrays import Array, State, Weights, affine, inputs, recurrent, sigmoid
from oracles.cells import Oracle
from oracles.switches import Drawn


def step(inner: Oracle, weights: Weights, x: Array, state: State, drawn: Drawn) -> tuple[Array, State]:
    m = drawn.noise if drawn.training and drawn.spec.rate else np.ones(1)
    return CELLS[inner.spec.key](weights, x, state, m, inner.spec)


def _lstm(weights: Weights, x: Array, state: State, m: Array, spec: object) -> tuple[Array, State]:
    h, c = state
    i, f, o = (sigmoid(affine(weights, gate, x, h)) for gate in "ifo")
    c_new = f * c + i * m * np.tanh(affine(weights, "g", x, h))
    h_new = o * np.tanh(c_new)
    return h_new, (h_new, c_new)


def _gru(weights: Weights, x: Array, state: State, m: Array, spec: object) -> tuple[Array, State]:
    (h,) = state
    r, z = sigmoid(affine(weights, "r", x, h)), sigmoid(affine(weights, "z", x, h))
    if spec.reset == "before":  # type: ignore[attr-defined]
        h_new = (1 - z) * h + z * m * np.tanh(affine(weights, "n", x, r * h))
    else:
        h_new = z * h + (1 - z) * m * np.tanh(inputs(weights, "n", x) + r * recurrent(weights, "n", h))
    return h_new, (h_new,)


def _mgu(weights: Weights, x: Array, state: State, m: Array, spec: object) -> tuple[Array, State]:
    (h,) = state
    f = sigmoid(affine(weights, "f", x, h))
    h_new = (1 - f) * h + f * m * np.tanh(affine(weights, "n", x, f * h))
    return h_new, (h_new,)


CELLS = {"lstm": _lstm, "gru": _gru, "mgu": _mgu}
