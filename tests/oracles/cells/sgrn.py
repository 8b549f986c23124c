"""y = W x + b; f = σ(y + U h + d); h = tanh((1-f)∘y + f∘h): Zu et al., 2020."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, inputs, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="SGRNCell", ih="f")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    f = sigmoid(affine(weights, "f", x, h))
    h_new = np.tanh((1 - f) * inputs(weights, "f", x) + f * h)
    return h_new, (h_new,)
