"""z = tanh(W_z x + b_z); k = σ(W_k x + U_k h + b_k); h_t = tanh((1-k)∘h + k∘z): Turkoglu et al., 2019."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, inputs, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="STARCell", ih="zk", hh="k")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    z, k = np.tanh(inputs(weights, "z", x)), sigmoid(affine(weights, "k", x, h))
    h_new = np.tanh((1 - k) * h + k * z)
    return h_new, (h_new,)
