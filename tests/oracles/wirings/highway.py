"""t∘y + (1-t)∘x with t = σ(W_t x + b_t): Srivastava et al., 2015."""

from oracles.arrays import Array, Weights, dot, sigmoid
from oracles.wirings import Place, carried


def join(weights: Weights, x: Array, y: Array, place: Place) -> Array:
    t = sigmoid(dot(weights["gate.weight"], x) + weights["gate.bias"])
    return t * y + (1 - t) * carried(weights, x, y.shape[-1])
