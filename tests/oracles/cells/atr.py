"""p = W_p x; q = U_q h; h_t = σ(p+q)∘p + σ(p-q)∘h: Zhang et al., 2018. Biases may be added to p and q."""

from typing import Any

from oracles.arrays import Array, State, Weights, inputs, recurrent, sigmoid
from oracles.elsewhere import Same

TORCHRECURRENT = Same(name="ATRCell", ih="p", hh="q", spec={"bias": True})


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    (h,) = state
    p, q = inputs(weights, "p", x), recurrent(weights, "q", h)
    h_new = sigmoid(p + q) * p + sigmoid(p - q) * h
    return h_new, (h_new,)
