"""z = σ; n = max(0, .); h_t = z∘h + (1-z)∘n: Ravanelli et al., 2018, without its batch normalisation."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="LiGRUCell", ih="zn", options={"nonlinearity": "relu"})


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    z = sigmoid(affine(weights, "z", x, h))
    h_new = z * h + (1 - z) * np.maximum(affine(weights, "n", x, h), 0)
    return h_new, (h_new,)
