"""c_t = f c + i tanh(z), n_t = f n + i, h_t = σ(o) c_t / n_t, with i = exp(..): Beck et al., 2024, eq. 8-17.

c and n are kept divided by exp(m). Each head has a block of rows and columns of its own.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, dot, inputs, sigmoid


def from_heads(u: Array, h: Array, heads: int) -> Array:
    """R h, head by head."""
    rows, parts = np.split(u, heads, axis=-2), np.split(h, heads, axis=-1)
    return beside(*(dot(block, part) for block, part in zip(rows, parts, strict=True)))


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, c, n, m = state
    z, i, f, o = (
        inputs(weights, gate, x) + from_heads(weights[f"U_{gate}"], h, min(spec.heads, h.shape[-1]))
        for gate in "zifo"
    )
    n = np.sign(n.real) * n
    kept = np.where(n.real > 0, m + (f if spec.forget == "exp" else np.log(sigmoid(f))), i)
    m_new = np.where(i > kept, i, kept)
    forget, write = np.exp(kept - m_new), np.exp(i - m_new)
    c_new, n_new = forget * c + write * np.tanh(z), forget * n + write
    h_new = sigmoid(o) * c_new / n_new
    return h_new, (h_new, c_new, n_new, m_new)
