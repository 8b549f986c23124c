"""α∘N(W x) + b and γ∘N(U s) for each gate, for some cells: Ba et al., 2016; Zhang & Sennrich, 2019."""

import numpy as np

from oracles.arrays import Array, State, Weights, dot, sigmoid
from oracles.cells import Oracle
from oracles.switches import Drawn


def step(inner: Oracle, weights: Weights, x: Array, state: State, drawn: Drawn) -> tuple[Array, State]:
    order = GATES[inner.spec.key]

    def normed(z: Array, gains: Array, gate: str) -> Array:
        width = z.shape[-1]
        gain = gains[..., order.index(gate) * width : (order.index(gate) + 1) * width]
        if drawn.spec.kind == "layer":
            z = z - z.mean(-1, keepdims=True)
        return gain * z / np.sqrt((z * z).mean(-1, keepdims=True) + 1e-5)

    def w(gate: str) -> Array:
        return normed(dot(weights[f"W_{gate}"], x), weights["switch.gain_ih"], gate) + weights[f"b_{gate}"]

    def u(gate: str, s: Array) -> Array:
        product = dot(weights[f"U_{gate}"], s) + weights.get(f"d_{gate}", 0.0)
        return normed(product, weights["switch.gain_hh"], gate)

    if inner.spec.key == "lstm":
        h, c = state
        i, f, o = (sigmoid(w(gate) + u(gate, h)) for gate in "ifo")
        c_new = f * c + i * np.tanh(w("g") + u("g", h))
        h_new = o * np.tanh(c_new)
        return h_new, (h_new, c_new)
    (h,) = state
    if inner.spec.key == "elman":
        h_new = np.tanh(w("h") + u("h", h))
        return h_new, (h_new,)
    r, z = sigmoid(w("r") + u("r", h)), sigmoid(w("z") + u("z", h))
    if inner.spec.reset == "before":
        h_new = (1 - z) * h + z * np.tanh(w("n") + u("n", r * h))
    else:
        h_new = z * h + (1 - z) * np.tanh(w("n") + r * u("n", h))
    return h_new, (h_new,)


GATES = {"lstm": "ifgo", "elman": "h", "gru": "rzn"}
