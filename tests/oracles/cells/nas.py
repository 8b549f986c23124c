"""Eight units p to w, in pairs, of W x + U h + b, or W x∘U h for s: Zoph and Le, 2016, figure 8.

c_t = tanh(tanh(p∘q) + c)∘tanh(r + s); h_t = tanh(c_t∘tanh(tanh(t∘u) + σ(v + w))).
torchrecurrent's cell is another one: its s is relu(W x + U h), where the authors' code has the product.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, affine, inputs, recurrent, sigmoid


def relu(a: Array) -> Array:
    return np.where(np.real(a) > 0, a, 0.0)  # at 0, where s is without a state, its slope is 0


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c = state
    p, q, r, t, u, v, w = (affine(weights, unit, x, h) for unit in "pqrtuvw")
    s = relu(inputs(weights, "s", x) * recurrent(weights, "s", h))
    first = np.tanh(np.tanh(sigmoid(p) * relu(q)) + c)
    c_new = first * np.tanh(sigmoid(r) + s)
    second = np.tanh(np.tanh(np.tanh(t) * sigmoid(u)) + sigmoid(np.tanh(v) + sigmoid(w)))
    h_new = np.tanh(c_new * second)
    return h_new, (h_new, c_new)
