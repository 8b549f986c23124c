"""f, r = σ(W x + v∘c + b); c_t = f∘c + (1-f)∘u; h_t = r∘c_t + (1-r)∘x̂: Lei et al., 2018.

`peephole` is v_f, v_r and may be missing: then they are 0. x̂ is x, or S x with `weight_skip`.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot, inputs, sigmoid


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (c,) = state
    v_f, v_r = np.split(weights["peephole"], 2, axis=-1) if "peephole" in weights else (0.0, 0.0)
    f = sigmoid(inputs(weights, "f", x) + v_f * c)
    r = sigmoid(inputs(weights, "r", x) + v_r * c)
    c_new = f * c + (1 - f) * inputs(weights, "u", x)
    skip = dot(weights["weight_skip"], x) if "weight_skip" in weights else x
    return r * c_new + (1 - r) * skip, (c_new,)
