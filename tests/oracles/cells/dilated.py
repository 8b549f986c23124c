"""A GRU (Chung et al., 2014) on h_{t-d} in place of h_{t-1}: Chang et al., 2017.

The state is [h_{t-1}; ..; h_{t-d}].
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, beside, sigmoid


def stride(spec: Any) -> int:
    """Steps between those of the past that a state sees."""
    return int(spec.dilation)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    past = np.split(state[0], spec.dilation, axis=-1)
    h = past[-1]
    r, z = sigmoid(affine(weights, "r", x, h)), sigmoid(affine(weights, "z", x, h))
    h_new = (1 - z) * h + z * np.tanh(affine(weights, "n", x, r * h))
    return h_new, (beside(h_new, *past[:-1]),)
