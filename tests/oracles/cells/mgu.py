"""f = σ(.. h); n = tanh(.. f∘h); h_t = (1-f)∘h + f∘n: Zhou et al., 2016."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="MGUCell", ih="fn")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    f = sigmoid(affine(weights, "f", x, h))
    n = np.tanh(affine(weights, "n", x, f * h))
    h_new = (1 - f) * h + f * n
    return h_new, (h_new,)
