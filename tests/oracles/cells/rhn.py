"""s_l = h∘t + s_{l-1}∘(1-t), level by level; h = tanh, t = σ of U s_{l-1} + b, plus W x at the first one.

Zilly et al., 2017. The letters of U and b are h and t at level 1, a and b at level 2, c and d at level 3,
and so on without h and t.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, recurrent, sigmoid

STARTS_OTHERWISE = ("bias", "bias_hh")
LETTERS = "abcdefgijklmnopqrs"


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (s,) = state
    for level in range(spec.depth):
        if level == 0:
            h, t = affine(weights, "h", x, s), affine(weights, "t", x, s)
        else:
            h, t = (recurrent(weights, letter, s) for letter in LETTERS[2 * level - 2 : 2 * level])
        s = np.tanh(h) * sigmoid(t) + s * (1 - sigmoid(t))
    return s, (s,)
