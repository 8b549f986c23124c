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


def normalise(z: Array) -> tuple[Array, Array]:
    """(z - mean) / sqrt(variance + 1e-5), and that root."""
    root = np.sqrt(z.var() + 1e-5)
    return (z - z.mean()) / root, root


def normalise_back(z: Array, d: Array) -> Array:
    """The gradient of z, given that of its normal form n: (d - mean d - n mean(d n)) / root."""
    n, root = normalise(z)
    return (d - d.mean() - n * (d * n).mean()) / root


class LayerNormLSTM(OracleCell):
    """An LSTM of a_h∘N(U h) + a_x∘N(W x) + b, whose output gate sees tanh(a_c∘N(c_t) + s_c).

    Gates i, f, g, o; N takes their four sums as one vector. Gains `a_h_i` and `a_x_i` and so on, `a_c`; the
    shift `s_c` may be missing: then it is 0.
    """

    def together(self, weights: Weights, start: str) -> Array:
        """The weights of all four gates, one under the other."""
        return np.concatenate([weights[f"{start}_{gate}"] for gate in "ifgo"])

    def gates(self, weights: Weights, x: Array, state: State) -> tuple[Array, Array, Array, Array, Array]:
        h, c = state
        from_h, _ = normalise(self.together(weights, "U") @ h)
        from_x, _ = normalise(self.together(weights, "W") @ x)
        a = self.together(weights, "a_h") * from_h + self.together(weights, "a_x") * from_x
        if "b_i" in weights:
            a = a + self.together(weights, "b")
        i, f, g, o = np.split(a, 4)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        return i, f, g, o, f * c + i * g

    def step(self, weights: Weights, x: Array, state: State) -> tuple[Array, State]:
        *_, o, c_new = self.gates(weights, x, state)
        h_new = o * np.tanh(weights["a_c"] * normalise(c_new)[0] + weights.get("s_c", 0.0))
        return h_new, (h_new, c_new)

    def back(
        self, weights: Weights, x: Array, state: State, d_output: Array, d_state: State
    ) -> tuple[Array, State, Weights]:
        h, c = state
        i, f, g, o, c_new = self.gates(weights, x, state)
        normal, _ = normalise(c_new)
        squashed = np.tanh(weights["a_c"] * normal + weights.get("s_c", 0.0))
        d_h_new = d_output + d_state[0]
        d_seen = d_h_new * o * (1 - squashed**2)
        d_c_new = d_state[1] + normalise_back(c_new, d_seen * weights["a_c"])
        d_a = {
            "i": d_c_new * g * i * (1 - i),
            "f": d_c_new * c * f * (1 - f),
            "g": d_c_new * i * (1 - g**2),
            "o": d_h_new * squashed * o * (1 - o),
        }
        d_h, d_weights_h = self.sums_back(weights, "U", "a_h", h, d_a)
        d_x, d_weights_x = self.sums_back(weights, "W", "a_x", x, d_a)
        d_weights = d_weights_h | d_weights_x | {"a_c": d_seen * normal}
        if "b_i" in weights:
            d_weights |= {f"b_{gate}": d for gate, d in d_a.items()} | {"s_c": d_seen}
        return d_x, (d_h, d_c_new * f), d_weights

    def sums_back(
        self, weights: Weights, matrix: str, gain: str, operand: Array, d_a: Weights
    ) -> tuple[Array, Weights]:
        """The gradients of the operand, the matrices and the gains of a∘N(M operand)."""
        whole, z = np.concatenate(list(d_a.values())), self.together(weights, matrix) @ operand
        d_z = normalise_back(z, whole * self.together(weights, gain))
        d_gains = np.split(whole * normalise(z)[0], 4)
        d_weights = {f"{gain}_{gate}": d for gate, d in zip(d_a, d_gains, strict=True)}
        for gate, d in zip(d_a, np.split(d_z, 4), strict=True):
            d_weights[f"{matrix}_{gate}"] = np.outer(d, operand)
        return self.together(weights, matrix).T @ d_z, d_weights
