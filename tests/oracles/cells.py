"""Recurrences and their derivatives, one vector at a time, written down from the equations.

A cell takes its weights gate by gate: `W_g` multiplies the input, `U_g` the state, `b_g` is added, for
each gate g. `step` is the equations; `back` is their derivative by the chain rule, done by hand: given the
gradients of the output and of the new state it returns those of the input, the old state and the weights.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray
Weights: TypeAlias = dict[str, Array]
State: TypeAlias = tuple[Array, ...]


class OracleCell(ABC):
    """One step of a recurrence on single vectors, and its derivative."""

    @abstractmethod
    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        """The output and the new state."""

    @abstractmethod
    def back(
        self, weights: Weights, x: Array, state: State, d_output: Array, d_state: State
    ) -> tuple[Array, State, Weights]:
        """The gradients of the input, the old state and the weights."""


def sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


def affine(weights: Weights, gate: str, x: Array, h: Array) -> Array:
    """W x + U h + b of one gate; b is 0 where there is none."""
    return weights[f"W_{gate}"] @ x + weights[f"U_{gate}"] @ h + weights.get(f"b_{gate}", 0.0)


def affine_back(weights: Weights, gate: str, x: Array, h: Array, d_a: Array) -> tuple[Array, Array, Weights]:
    """The gradients of x, h and the weights, given that of a = W x + U h + b."""
    d_weights = {f"W_{gate}": np.outer(d_a, x), f"U_{gate}": np.outer(d_a, h)}
    if f"b_{gate}" in weights:
        d_weights[f"b_{gate}"] = d_a
    return weights[f"W_{gate}"].T @ d_a, weights[f"U_{gate}"].T @ d_a, d_weights


SQUASHES: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "tanh": (np.tanh, lambda h: 1 - h**2),
    "relu": (lambda a: np.maximum(a, 0), lambda h: (h > 0).astype(float)),
    "sigmoid": (sigmoid, lambda h: h * (1 - h)),
    "identity": (lambda a: a, np.ones_like),
}
"""Each squashing function, and its derivative as a function of its value."""


class Elman(OracleCell):
    """h_t = σ(W x_t + U h_{t-1} + b). Weights of gate h."""

    def __init__(self, activation: str) -> None:
        self.squash, self.slope = SQUASHES[activation]

    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        (h,) = state
        h_new = self.squash(affine(weights, "h", x, h))
        return h_new, (h_new,)

    def back(
        self, weights: Weights, x: Array, state: State, d_output: Array, d_state: State
    ) -> tuple[Array, State, Weights]:
        (h,) = state
        h_new, _ = self.step(weights, x, state)
        d_a = (d_output + d_state[0]) * self.slope(h_new)
        d_x, d_h, d_weights = affine_back(weights, "h", x, h, d_a)
        return d_x, (d_h,), d_weights


class LSTM(OracleCell):
    """f, i, o = σ; g = tanh; c_t = f∘c_{t-1} + i∘g; h_t = o∘tanh(c_t). Gates i, f, g, o."""

    def gates(self, weights: Weights, x: Array, h: Array) -> tuple[Array, Array, Array, Array]:
        i = sigmoid(affine(weights, "i", x, h))
        f = sigmoid(affine(weights, "f", x, h))
        g = np.tanh(affine(weights, "g", x, h))
        o = sigmoid(affine(weights, "o", x, h))
        return i, f, g, o

    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        h, c = state
        i, f, g, o = self.gates(weights, x, h)
        c_new = f * c + i * g
        h_new = o * np.tanh(c_new)
        return h_new, (h_new, c_new)

    def back(
        self, weights: Weights, x: Array, state: State, d_output: Array, d_state: State
    ) -> tuple[Array, State, Weights]:
        h, c = state
        i, f, g, o = self.gates(weights, x, h)
        squashed = np.tanh(f * c + i * g)
        d_h_new = d_output + d_state[0]
        d_c_new = d_state[1] + d_h_new * o * (1 - squashed**2)
        d_gates = {
            "i": d_c_new * g * i * (1 - i),
            "f": d_c_new * c * f * (1 - f),
            "g": d_c_new * i * (1 - g**2),
            "o": d_h_new * squashed * o * (1 - o),
        }
        d_x, d_h, d_weights = sum_back(weights, x, h, d_gates)
        return d_x, (d_h, d_c_new * f), d_weights


def sum_back(weights: Weights, x: Array, h: Array, d_gates: Weights) -> tuple[Array, Array, Weights]:
    """The gradients of x, h and the weights, for several gates that read the same x and h."""
    d_x, d_h, d_weights = np.zeros_like(x), np.zeros_like(h), {}
    for gate, d_a in d_gates.items():
        d_x_gate, d_h_gate, d_weights_gate = affine_back(weights, gate, x, h, d_a)
        d_x, d_h = d_x + d_x_gate, d_h + d_h_gate
        d_weights |= d_weights_gate
    return d_x, d_h, d_weights


class GRUResetBefore(OracleCell):
    """The reset acts before the product: h̃ = tanh(W_n x + U_n (r∘h) + b_n); h_t = (1-z)∘h + z∘h̃.

    Gates r (reset), z (update), n (candidate).
    """

    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        (h,) = state
        r = sigmoid(affine(weights, "r", x, h))
        z = sigmoid(affine(weights, "z", x, h))
        n = np.tanh(affine(weights, "n", x, r * h))
        h_new = (1 - z) * h + z * n
        return h_new, (h_new,)

    def back(
        self, weights: Weights, x: Array, state: State, d_output: Array, d_state: State
    ) -> tuple[Array, State, Weights]:
        (h,) = state
        r = sigmoid(affine(weights, "r", x, h))
        z = sigmoid(affine(weights, "z", x, h))
        n = np.tanh(affine(weights, "n", x, r * h))
        d_h_new = d_output + d_state[0]
        d_a_n = d_h_new * z * (1 - n**2)
        d_x_n, d_rh, d_weights_n = affine_back(weights, "n", x, r * h, d_a_n)
        d_a = {"r": d_rh * h * r * (1 - r), "z": d_h_new * (n - h) * z * (1 - z)}
        d_x, d_h, d_weights = sum_back(weights, x, h, d_a)
        return d_x + d_x_n, (d_h + d_rh * r + d_h_new * (1 - z),), d_weights | d_weights_n


class GRUResetAfter(OracleCell):
    """The reset acts after the product: h̃ = tanh(W_n x + b_n + r∘(U_n h + d_n)); h_t = z∘h + (1-z)∘h̃.

    Gates r, z, n as above, with `d_n` for the second bias of n; z keeps here what it overwrites there.
    """

    def gates(self, weights: Weights, x: Array, h: Array) -> tuple[Array, Array, Array, Array]:
        r = sigmoid(affine(weights, "r", x, h))
        z = sigmoid(affine(weights, "z", x, h))
        product = weights["U_n"] @ h + weights.get("d_n", 0.0)
        n = np.tanh(weights["W_n"] @ x + weights.get("b_n", 0.0) + r * product)
        return r, z, product, n

    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        (h,) = state
        _, z, _, n = self.gates(weights, x, h)
        h_new = z * h + (1 - z) * n
        return h_new, (h_new,)

    def back(
        self, weights: Weights, x: Array, state: State, d_output: Array, d_state: State
    ) -> tuple[Array, State, Weights]:
        (h,) = state
        r, z, product, n = self.gates(weights, x, h)
        d_h_new = d_output + d_state[0]
        d_a_n = d_h_new * (1 - z) * (1 - n**2)
        d_product = d_a_n * r
        d_a = {"r": d_a_n * product * r * (1 - r), "z": d_h_new * (h - n) * z * (1 - z)}
        d_x, d_h, d_weights = sum_back(weights, x, h, d_a)
        d_weights |= {"W_n": np.outer(d_a_n, x), "U_n": np.outer(d_product, h)}
        d_weights |= {name: d for name, d in {"b_n": d_a_n, "d_n": d_product}.items() if name in weights}
        d_h = d_h + weights["U_n"].T @ d_product + d_h_new * z
        return d_x + weights["W_n"].T @ d_a_n, (d_h,), d_weights
