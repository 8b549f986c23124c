"""The gated recurrent unit: r resets, z updates, n is the candidate.

Reset before (Chung et al., 2014): n = tanh(W_n x + U_n (r∘h) + b_n); h_t = (1-z)∘h + z∘n.
Reset after (Cho et al., 2014): n = tanh(W_n x + b_n + r∘(U_n h + d_n)); h_t = z∘h + (1-z)∘n.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, inputs, recurrent, sigmoid


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    r, z = sigmoid(affine(weights, "r", x, h)), sigmoid(affine(weights, "z", x, h))
    if spec.reset == "before":
        n = np.tanh(affine(weights, "n", x, r * h))
        h_new = (1 - z) * h + z * n
    else:
        n = np.tanh(inputs(weights, "n", x) + r * recurrent(weights, "n", h))
        h_new = z * h + (1 - z) * n
    return h_new, (h_new,)
