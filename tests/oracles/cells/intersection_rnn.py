"""y_t = d∘x̂ + (1-d)∘y, h_t = g∘h + (1-g)∘n; y relu, n tanh, d and g σ of W x + U h + b: Collins et al., 2016.

x̂ is x, or S x with `weight_skip`; torchrecurrent refuses inputs of another width.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, dot, sigmoid
from oracles.elsewhere import Same

STARTS_OTHERWISE = ("bias",)
TORCHRECURRENT = Same(name="IntersectionRNNCell", ih="yndg", gives_output=True, is_square=True)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    y, n, d, g = (affine(weights, gate, x, h) for gate in "yndg")
    skip = dot(weights["weight_skip"], x) if "weight_skip" in weights else x
    output = sigmoid(d) * skip + (1 - sigmoid(d)) * np.where(y > 0, y, 0.0)
    return output, (sigmoid(g) * h + (1 - sigmoid(g)) * np.tanh(n),)
