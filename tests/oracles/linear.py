"""Recurrences that are linear in their state, and their derivatives, as in `oracles.cells`."""

import numpy as np

from oracles.cells import Array, OracleCell, State, Weights, sigmoid


def inputs(weights: Weights, gate: str, x: Array) -> Array:
    """W x + b of one gate; b is 0 where there is none."""
    return weights[f"W_{gate}"] @ x + weights.get(f"b_{gate}", 0.0)


def inputs_back(weights: Weights, x: Array, d_gates: Weights) -> tuple[Array, Weights]:
    """The gradients of x and the weights, given those of W x + b of each gate."""
    d_weights = {f"W_{gate}": np.outer(d_a, x) for gate, d_a in d_gates.items()}
    d_weights |= {f"b_{gate}": d_a for gate, d_a in d_gates.items() if f"b_{gate}" in weights}
    return np.sum([weights[f"W_{gate}"].T @ d_a for gate, d_a in d_gates.items()], axis=0), d_weights


def candidate(a: Array, kind: str) -> tuple[Array, Array]:
    """The candidate for a sum of inputs, and its slope."""
    if kind == "linear":
        return a, np.ones_like(a)
    s = sigmoid(a)
    return np.where(a >= 0, a + 0.5, s), np.where(a >= 0, 1.0, s * (1 - s))


class MinGRU(OracleCell):
    """z = σ(W x + b); h_t = (1-z)∘h + z∘n, with n a candidate. Gates z, n; none recurrent."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        (h,) = state
        z = sigmoid(inputs(weights, "z", x))
        n, _ = candidate(inputs(weights, "n", x), self.kind)
        h_new = (1 - z) * h + z * n
        return h_new, (h_new,)

    def back(
        self, weights: Weights, x: Array, state: State, d_output: Array, d_state: State
    ) -> tuple[Array, State, Weights]:
        (h,) = state
        z = sigmoid(inputs(weights, "z", x))
        n, slope = candidate(inputs(weights, "n", x), self.kind)
        d_h_new = d_output + d_state[0]
        d_gates = {"z": d_h_new * (n - h) * z * (1 - z), "n": d_h_new * z * slope}
        d_x, d_weights = inputs_back(weights, x, d_gates)
        return d_x, (d_h_new * (1 - z),), d_weights


class MinLSTM(OracleCell):
    """i, f = σ(W x + b); h_t = f/(f+i)∘h + i/(f+i)∘g, with g a candidate. Gates i, f, g; none recurrent."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        (h,) = state
        i, f = sigmoid(inputs(weights, "i", x)), sigmoid(inputs(weights, "f", x))
        g, _ = candidate(inputs(weights, "g", x), self.kind)
        h_new = (f * h + i * g) / (f + i)
        return h_new, (h_new,)

    def back(
        self, weights: Weights, x: Array, state: State, d_output: Array, d_state: State
    ) -> tuple[Array, State, Weights]:
        (h,) = state
        i, f = sigmoid(inputs(weights, "i", x)), sigmoid(inputs(weights, "f", x))
        g, slope = candidate(inputs(weights, "g", x), self.kind)
        d_h_new = d_output + d_state[0]
        d_gates = {
            "i": d_h_new * f * (g - h) / (f + i) ** 2 * i * (1 - i),
            "f": d_h_new * i * (h - g) / (f + i) ** 2 * f * (1 - f),
            "g": d_h_new * i / (f + i) * slope,
        }
        d_x, d_weights = inputs_back(weights, x, d_gates)
        return d_x, (d_h_new * f / (f + i),), d_weights


class SRU(OracleCell):
    """f, r = σ(W x + v∘c + b); c_t = f∘c + (1-f)∘u; h_t = r∘c_t + (1-r)∘x̂.

    Gates u, f, r. `v_f` and `v_r` may be missing: then they are 0. `S` may be missing: then x̂ is x, else S x.
    """

    def gates(self, weights: Weights, x: Array, c: Array) -> tuple[Array, Array, Array, Array]:
        u = inputs(weights, "u", x)
        f = sigmoid(inputs(weights, "f", x) + weights.get("v_f", 0.0) * c)
        r = sigmoid(inputs(weights, "r", x) + weights.get("v_r", 0.0) * c)
        return u, f, r, weights["S"] @ x if "S" in weights else x

    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        (c,) = state
        u, f, r, skip = self.gates(weights, x, c)
        c_new = f * c + (1 - f) * u
        return r * c_new + (1 - r) * skip, (c_new,)

    def back(
        self, weights: Weights, x: Array, state: State, d_output: Array, d_state: State
    ) -> tuple[Array, State, Weights]:
        (c,) = state
        u, f, r, skip = self.gates(weights, x, c)
        d_r = d_output * (f * c + (1 - f) * u - skip)
        d_c_new = d_state[0] + d_output * r
        d_skip = d_output * (1 - r)
        d_gates = {"u": d_c_new * (1 - f), "f": d_c_new * (c - u) * f * (1 - f), "r": d_r * r * (1 - r)}
        d_x, d_weights = inputs_back(weights, x, d_gates)
        d_c = d_c_new * f
        for gate in "fr":
            if f"v_{gate}" in weights:
                d_c = d_c + d_gates[gate] * weights[f"v_{gate}"]
                d_weights[f"v_{gate}"] = d_gates[gate] * c
        if "S" not in weights:
            return d_x + d_skip, (d_c,), d_weights
        return d_x + weights["S"].T @ d_skip, (d_c,), d_weights | {"S": np.outer(d_skip, x)}


class LRU(OracleCell):
    """λ = exp(-exp(ν) + i exp(θ)); s_t = λ∘s + exp(γ)∘(B x); y_t = Re(C s_t) + D x, in complex numbers.

    Gates r, i, d for the real and the imaginary part of B (b_r, b_i are added to them) and for D; recurrent
    ones r, i for those of C; and `nu`, `theta`, `gamma`. The gradient of a complex number z stands for
    dL/d(Re z) + i dL/d(Im z), so that through w = a z it is conj(a) times that of w.
    """

    def next(self, weights: Weights, x: Array, state: State) -> tuple[Array, Array, Array]:
        """λ, B x and s_t."""
        decay = np.exp(-np.exp(weights["nu"]) + 1j * np.exp(weights["theta"]))
        driven = inputs(weights, "r", x) + 1j * inputs(weights, "i", x)
        return decay, driven, decay * (state[0] + 1j * state[1]) + np.exp(weights["gamma"]) * driven

    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        _, _, s = self.next(weights, x, state)
        y = ((weights["U_r"] + 1j * weights["U_i"]) @ s).real + inputs(weights, "d", x)
        return y, (s.real, s.imag)

    def back(
        self, weights: Weights, x: Array, state: State, d_output: Array, d_state: State
    ) -> tuple[Array, State, Weights]:
        decay, driven, s_new = self.next(weights, x, state)
        gain = np.exp(weights["gamma"])
        readout = weights["U_r"] + 1j * weights["U_i"]
        d_s_new = d_state[0] + 1j * d_state[1] + readout.conj().T @ d_output
        d_s = decay.conj() * d_s_new
        d_decay = (state[0] - 1j * state[1]) * d_s_new
        d_exponent = decay.conj() * d_decay
        d_driven = gain * d_s_new
        d_x, d_weights = inputs_back(weights, x, {"r": d_driven.real, "i": d_driven.imag, "d": d_output})
        d_weights |= {
            "U_r": np.outer(d_output, s_new.real),
            "U_i": -np.outer(d_output, s_new.imag),
            "nu": -np.exp(weights["nu"]) * d_exponent.real,
            "theta": np.exp(weights["theta"]) * d_exponent.imag,
            "gamma": gain * (driven.conj() * d_s_new).real,
        }
        return d_x, (d_s.real, d_s.imag), d_weights
