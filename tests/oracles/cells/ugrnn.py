"""h_t = g∘h + (1-g)∘c, c = tanh(W_c x + U_c h + b_c), g = σ(W_g x + U_g h + b_g): Collins et al., 2016."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid
from oracles.elsewhere import Same

STARTS_OTHERWISE = ("bias",)
TORCHRECURRENT = Same(name="UGRNNCell", ih="cg")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    c, g = np.tanh(affine(weights, "c", x, h)), sigmoid(affine(weights, "g", x, h))
    h_new = g * h + (1 - g) * c
    return h_new, (h_new,)
