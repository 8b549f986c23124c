"""Gated recurrences and their derivatives, as in `oracles.cells`."""

import numpy as np

from oracles.cells import Array, OracleCell, State, Weights, affine, affine_back, sigmoid, sum_back


class MGU(OracleCell):
    """f = σ(.. h); n = tanh(.. f∘h); h_t = (1-f)∘h + f∘n. Gates f, n."""

    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        (h,) = state
        f = sigmoid(affine(weights, "f", x, h))
        n = np.tanh(affine(weights, "n", x, f * h))
        h_new = (1 - f) * h + f * n
        return h_new, (h_new,)

    def back(
        self, weights: Weights, x: Array, state: State, d_output: Array, d_state: State
    ) -> tuple[Array, State, Weights]:
        (h,) = state
        f = sigmoid(affine(weights, "f", x, h))
        n = np.tanh(affine(weights, "n", x, f * h))
        d_h_new = d_output + d_state[0]
        d_x_n, d_fh, d_weights_n = affine_back(weights, "n", x, f * h, d_h_new * f * (1 - n**2))
        d_a_f = (d_h_new * (n - h) + d_fh * h) * f * (1 - f)
        d_x_f, d_h_f, d_weights_f = affine_back(weights, "f", x, h, d_a_f)
        return d_x_n + d_x_f, (d_h_f + d_fh * f + d_h_new * (1 - f),), d_weights_n | d_weights_f


class LiGRU(OracleCell):
    """z = σ; n = max(0, .); h_t = z∘h + (1-z)∘n. Gates z, n."""

    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        (h,) = state
        z = sigmoid(affine(weights, "z", x, h))
        n = np.maximum(affine(weights, "n", x, h), 0)
        h_new = z * h + (1 - z) * n
        return h_new, (h_new,)

    def back(
        self, weights: Weights, x: Array, state: State, d_output: Array, d_state: State
    ) -> tuple[Array, State, Weights]:
        (h,) = state
        z = sigmoid(affine(weights, "z", x, h))
        n = np.maximum(affine(weights, "n", x, h), 0)
        d_h_new = d_output + d_state[0]
        d_a = {"z": d_h_new * (h - n) * z * (1 - z), "n": d_h_new * (1 - z) * (n > 0)}
        d_x, d_h, d_weights = sum_back(weights, x, h, d_a)
        return d_x, (d_h + d_h_new * z,), d_weights


class JANET(OracleCell):
    """s = W x + U h + b; g = tanh; h_t = σ(s)∘h + (1-σ(s-β))∘g. Gates f (its sum is s), g."""

    def __init__(self, beta: float) -> None:
        self.beta = beta

    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        (h,) = state
        s = affine(weights, "f", x, h)
        h_new = sigmoid(s) * h + (1 - sigmoid(s - self.beta)) * np.tanh(affine(weights, "g", x, h))
        return h_new, (h_new,)

    def back(
        self, weights: Weights, x: Array, state: State, d_output: Array, d_state: State
    ) -> tuple[Array, State, Weights]:
        (h,) = state
        s = affine(weights, "f", x, h)
        kept, closed, g = sigmoid(s), sigmoid(s - self.beta), np.tanh(affine(weights, "g", x, h))
        d_h_new = d_output + d_state[0]
        d_a = {
            "f": d_h_new * (h * kept * (1 - kept) - g * closed * (1 - closed)),
            "g": d_h_new * (1 - closed) * (1 - g**2),
        }
        d_x, d_h, d_weights = sum_back(weights, x, h, d_a)
        return d_x, (d_h + d_h_new * kept,), d_weights


class PeepholeLSTM(OracleCell):
    """An LSTM whose i and f also see p∘c_{t-1}, and whose o sees p∘c_t. Gates i, f, g, o; `p_i` and so on."""

    def gates(self, weights: Weights, x: Array, state: State) -> tuple[Array, Array, Array, Array, Array]:
        h, c = state
        i = sigmoid(affine(weights, "i", x, h) + weights["p_i"] * c)
        f = sigmoid(affine(weights, "f", x, h) + weights["p_f"] * c)
        g = np.tanh(affine(weights, "g", x, h))
        c_new = f * c + i * g
        o = sigmoid(affine(weights, "o", x, h) + weights["p_o"] * c_new)
        return i, f, g, o, c_new

    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        *_, o, c_new = self.gates(weights, x, state)
        h_new = o * np.tanh(c_new)
        return h_new, (h_new, c_new)

    def back(
        self, weights: Weights, x: Array, state: State, d_output: Array, d_state: State
    ) -> tuple[Array, State, Weights]:
        h, c = state
        i, f, g, o, c_new = self.gates(weights, x, state)
        squashed, d_h_new = np.tanh(c_new), d_output + d_state[0]
        d_a_o = d_h_new * squashed * o * (1 - o)
        d_c_new = d_state[1] + d_h_new * o * (1 - squashed**2) + d_a_o * weights["p_o"]
        d_a = {
            "i": d_c_new * g * i * (1 - i),
            "f": d_c_new * c * f * (1 - f),
            "g": d_c_new * i * (1 - g**2),
            "o": d_a_o,
        }
        d_x, d_h, d_weights = sum_back(weights, x, h, d_a)
        d_weights |= {"p_i": d_a["i"] * c, "p_f": d_a["f"] * c, "p_o": d_a_o * c_new}
        d_c = d_c_new * f + d_a["i"] * weights["p_i"] + d_a["f"] * weights["p_f"]
        return d_x, (d_h, d_c), d_weights
