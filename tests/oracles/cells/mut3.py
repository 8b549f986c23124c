"""MUT3: z = σ(W_z x + U_z tanh(h) + b_z); h_t = tanh(W_n x + U_n (r∘h) + b_n)∘z + h∘(1-z).

Jozefowicz et al., 2015.
The documented z of torchrecurrent's cell has U_z h, its code U_z tanh(h), as the paper.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="MUT3Cell", ih="zrn")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    z, r = sigmoid(affine(weights, "z", x, np.tanh(h))), sigmoid(affine(weights, "r", x, h))
    h_new = np.tanh(affine(weights, "n", x, r * h)) * z + h * (1 - z)
    return h_new, (h_new,)
