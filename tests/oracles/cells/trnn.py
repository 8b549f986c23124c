"""h = f∘h + (1-f)∘z, z and f = σ of x: Balduzzi and Ghifary, 2016."""

from typing import Any

from oracles.arrays import Array, State, Weights, inputs, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="TRNNCell", ih="zf")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    f = sigmoid(inputs(weights, "f", x))
    h_new = f * state[0] + (1 - f) * inputs(weights, "z", x)
    return h_new, (h_new,)
