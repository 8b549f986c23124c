"""As the simple gated unit, with σ(V (g∘h)) for its softplus: Gao and Glowacka, 2016. V is `weight_out`."""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot, inputs, recurrent, sigmoid
from oracles.cells.sgu import hard
from oracles.elsewhere import Same

TORCHRECURRENT = Same(
    name="DSGUCell",
    ih="gz",
    spec={"slope": 1 / 6},
    tolerance=1e-7,
    others={"weight_ho": "weight_out"},
)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    g = np.tanh(recurrent(weights, "g", inputs(weights, "g", x) * h))
    z = hard(spec.slope * affine(weights, "z", x, h) + 0.5)
    h_new = (1 - z) * h + z * sigmoid(dot(weights["weight_out"], g * h))
    return h_new, (h_new,)
