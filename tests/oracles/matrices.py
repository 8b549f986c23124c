"""What the oracles of cells with a matrix memory share: heads, outer products, norms."""

import numpy as np

from oracles.arrays import Array, Weights, dot


def heads_of(vector: Array, heads: int) -> list[Array]:
    """The shares of a vector that belong to the heads."""
    return np.split(vector, heads, axis=-1)


def matrices_of(flat: Array, heads: int, keys: int) -> list[Array]:
    """The matrices (keys, values) of a flat state, one of each head."""
    parts = np.split(flat, heads, axis=-1)
    return [part.reshape(*part.shape[:-1], keys, -1) for part in parts]


def flat(matrices: list[Array]) -> Array:
    """The inverse of `matrices_of`."""
    front = np.broadcast_shapes(*(matrix.shape[:-2] for matrix in matrices))
    whole = [np.broadcast_to(matrix, (*front, *matrix.shape[-2:])) for matrix in matrices]
    return np.concatenate([matrix.reshape(*front, -1) for matrix in whole], axis=-1)


def outer(a: Array, b: Array) -> Array:
    """a b^T."""
    return a[..., :, None] * b[..., None, :]


def asked(matrix: Array, q: Array) -> Array:
    """S^T q."""
    return np.einsum("...kv,...k->...v", matrix, q)


def head_gates(weights: Weights, x: Array, heads: int) -> list[list[Array]]:
    """The sums of the gates with one number for each head: gate by gate, head by head, each (..., 1)."""
    sums = dot(weights["weight_heads"], x) + weights.get("bias_heads", 0.0)
    gates = np.split(sums, sums.shape[-1] // heads, axis=-1)
    return [np.split(gate, heads, axis=-1) for gate in gates]


def silu(a: Array) -> Array:
    return a / (1 + np.exp(-a))


def normed(a: Array) -> Array:
    """With a mean square of 1."""
    return a / np.sqrt((a * a).mean(-1, keepdims=True) + 1e-6)


def unit(a: Array) -> Array:
    """With length 1."""
    return a / np.sqrt((a * a).sum(-1, keepdims=True) + 1e-6)
