"""z, f, o = tanh, σ, σ of W x_t + V x_{t-1} + b; c = f∘c + (1-f)∘z; h = o∘c: Bradbury et al., 2017.

The state holds V x_{t-1} where the window is 2. `weight_before` is V of z, f and o.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot, inputs, sigmoid


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    z, f, o = (inputs(weights, gate, x) for gate in "zfo")
    if spec.window == 2:
        before = np.split(state[0], 3, axis=-1)
        z, f, o = (now + part for now, part in zip((z, f, o), before, strict=True))
    z, f, o = np.tanh(z), sigmoid(f), sigmoid(o)
    c_new = f * state[-1] + (1 - f) * z
    return o * c_new, (dot(weights["weight_before"], x), c_new) if spec.window == 2 else (c_new,)
