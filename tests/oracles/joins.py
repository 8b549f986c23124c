"""What joins two vectors: the two directions of a layer, or a layer's input and its output.

Every function takes the weights by name and returns the joined vector, or the gradients of both vectors
and the weights, given that of the joined one.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from oracles.cells import Array, Weights, sigmoid

JoinBack = tuple[Array, Array, Weights]


class Join(NamedTuple):
    """A join and its derivative."""

    join: Callable[[Weights, Array, Array], Array]
    back: Callable[[Weights, Array, Array, Array], JoinBack]


def concat(weights: Weights, a: Array, b: Array) -> Array:
    """[a; b]."""
    return np.concatenate([a, b])


def concat_back(weights: Weights, a: Array, b: Array, d: Array) -> JoinBack:
    return d[: len(a)], d[len(a) :], {}


def gated(weights: Weights, f: Array, b: Array) -> Array:
    """s ∘ f + (1 - s) ∘ b with s = σ(W_s [f; b] + b_s)."""
    s = sigmoid(weights["W_s"] @ np.concatenate([f, b]) + weights["b_s"])
    return s * f + (1 - s) * b


def gated_back(weights: Weights, f: Array, b: Array, d: Array) -> JoinBack:
    both = np.concatenate([f, b])
    s = sigmoid(weights["W_s"] @ both + weights["b_s"])
    d_a = d * (f - b) * s * (1 - s)
    d_both = weights["W_s"].T @ d_a
    d_weights = {"W_s": np.outer(d_a, both), "b_s": d_a}
    return d * s + d_both[: len(f)], d * (1 - s) + d_both[len(f) :], d_weights


MERGES = {
    "concat": Join(concat, concat_back),
    "sum": Join(lambda weights, f, b: f + b, lambda weights, f, b, d: (d, d, {})),
    "mean": Join(lambda weights, f, b: (f + b) / 2, lambda weights, f, b, d: (d / 2, d / 2, {})),
    "gated": Join(gated, gated_back),
}


def carried(weights: Weights, x: Array, width: int) -> Array:
    """x at the output's width: P x where there is a P, else x, with zeros behind it where it is narrower."""
    return weights["P"] @ x if "P" in weights else np.append(x, np.zeros(width - len(x)))


def carried_back(weights: Weights, x: Array, d: Array) -> tuple[Array, Weights]:
    """The gradients of x and P."""
    if "P" in weights:
        return weights["P"].T @ d, {"P": np.outer(d, x)}
    return d[: len(x)], {}


def residual(weights: Weights, x: Array, y: Array) -> Array:
    """y + x."""
    return y + carried(weights, x, len(y))


def residual_back(weights: Weights, x: Array, y: Array, d: Array) -> JoinBack:
    d_x, d_weights = carried_back(weights, x, d)
    return d_x, d, d_weights


def highway(weights: Weights, x: Array, y: Array) -> Array:
    """t ∘ y + (1 - t) ∘ x with t = σ(W_t x + b_t)."""
    t = sigmoid(weights["W_t"] @ x + weights["b_t"])
    return t * y + (1 - t) * carried(weights, x, len(y))


def highway_back(weights: Weights, x: Array, y: Array, d: Array) -> JoinBack:
    t = sigmoid(weights["W_t"] @ x + weights["b_t"])
    d_a = d * (y - carried(weights, x, len(y))) * t * (1 - t)
    d_x, d_weights = carried_back(weights, x, d * (1 - t))
    return d_x + weights["W_t"].T @ d_a, d * t, d_weights | {"W_t": np.outer(d_a, x), "b_t": d_a}


WIRINGS = {
    "plain": Join(lambda weights, x, y: y, lambda weights, x, y, d: (np.zeros_like(x), d, {})),
    "residual": Join(residual, residual_back),
    "highway": Join(highway, highway_back),
    "dense": Join(concat, concat_back),
}
