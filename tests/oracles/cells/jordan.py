"""h = f(W x + U_h s + b); y_t = g(U_y h + d_y); s_t = μ s + y_t: Jordan, 1986."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, recurrent, sigmoid

FUNCTIONS = {"sigmoid": sigmoid, "tanh": np.tanh, "identity": lambda a: a}


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (s,) = state
    h = FUNCTIONS[spec.activation](affine(weights, "h", x, s))
    y = FUNCTIONS[spec.output](recurrent(weights, "y", h))
    return y, (spec.decay * s + y,)
