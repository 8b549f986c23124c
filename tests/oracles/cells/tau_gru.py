"""h_t = (1-g)∘h + g∘(u + a∘z), where z sees the state d steps before h: Erichson et al., 2022.

The state is [h_{t-1}; ..; h_{t-1-d}]. torchrecurrent's cell leaves the delay to its user.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from oracles.arrays import Array, State, Weights, affine, beside, sigmoid
from oracles.elsewhere import Same

DELAY = 2


def advanced(cell: Any, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The library's step, with the delay around it."""
    past = state[0].chunk(DELAY + 1, dim=-1)
    return (torch.cat([cell(x, past[0], past[-1]), *past[:-1]], dim=-1),)


TORCHRECURRENT = Same(name="tauGRUCell", ih="uzga", spec={"delay": DELAY}, advanced=advanced)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    past = np.split(state[0], spec.delay + 1, axis=-1)
    h, delayed = past[0], past[-1]
    u, z = np.tanh(affine(weights, "u", x, h)), np.tanh(affine(weights, "z", x, delayed))
    g, a = sigmoid(affine(weights, "g", x, h)), sigmoid(affine(weights, "a", x, h))
    h_new = (1 - g) * h + g * (u + a * z)
    return h_new, (beside(h_new, *past[:-1]),)
