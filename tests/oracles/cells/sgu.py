"""y = W_g x + b; g = tanh(U_g (y∘h) + d); z hard; h = (1-z)∘h + z∘softplus(g∘h): Gao and Glowacka, 2016.

z is the hard sigmoid min(1, max(0, slope a + 1/2)) of W x + U h + b; the library's slope is 1/6,
and that of its gradient 3e-8 off.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, inputs, recurrent
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="SGUCell", ih="gz", spec={"slope": 1 / 6}, tolerance=1e-7)


def hard(a: Array) -> Array:
    """a between 0 and 1."""
    return np.where(a.real < 0, 0, np.where(a.real > 1, 1, a))


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    g = np.tanh(recurrent(weights, "g", inputs(weights, "g", x) * h))
    z = hard(spec.slope * affine(weights, "z", x, h) + 0.5)
    h_new = (1 - z) * h + z * np.log(1 + np.exp(g * h))
    return h_new, (h_new,)
