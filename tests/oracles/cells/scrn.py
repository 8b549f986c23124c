"""s_t = (1-α) B x + α s; h_t = σ(W x + U h + P s_t + b); the output is both: Mikolov et al., 2015.

B and P are `weight_context` and `weight_slow`; with `adaptive` α is σ of `decay`. torchrecurrent differs: its
h is the paper's y = f(U h + V s), which it gives to the next step in place of h, and its α is a parameter.
"""

from typing import Any

from oracles.arrays import Array, State, Weights, affine, beside, dot, sigmoid

STARTS_OTHERWISE = ("decay",)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, s = state
    alpha = sigmoid(weights["decay"]) if spec.adaptive else spec.alpha
    s_new = (1 - alpha) * dot(weights["weight_context"], x) + alpha * s
    h_new = sigmoid(affine(weights, "h", x, h) + dot(weights["weight_slow"], s_new))
    return beside(h_new, s_new), (h_new, s_new)
