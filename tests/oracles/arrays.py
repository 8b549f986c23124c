"""What the oracles are written in: numpy, one vector at a time, gate by gate.

`W_g` multiplies the input, `U_g` the state, `b_g` is added, and `d_g` is added inside the product with the
state, for each gate g; what else a cell has goes by its own name. Every array may have further axes in front
and may be complex, for the sake of `oracles.slopes`: products go through `dot`, vectors are joined by
`beside`, and what mixes units names the last axis.
"""

from typing import TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray
Weights: TypeAlias = dict[str, Array]
State: TypeAlias = tuple[Array, ...]


def dot(matrix: Array, vector: Array) -> Array:
    """M v."""
    return np.einsum("...ij,...j->...i", matrix, vector)


def beside(*vectors: Array) -> Array:
    """[a; b; ...]."""
    front = np.broadcast_shapes(*(vector.shape[:-1] for vector in vectors))
    return np.concatenate([np.broadcast_to(part, (*front, part.shape[-1])) for part in vectors], axis=-1)


def sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


def inputs(weights: Weights, gate: str, x: Array) -> Array:
    """W x + b of one gate; b is 0 where there is none."""
    return dot(weights[f"W_{gate}"], x) + weights.get(f"b_{gate}", 0.0)


def recurrent(weights: Weights, gate: str, h: Array) -> Array:
    """U h + d of one gate; d is 0 where there is none."""
    return dot(weights[f"U_{gate}"], h) + weights.get(f"d_{gate}", 0.0)


def affine(weights: Weights, gate: str, x: Array, h: Array) -> Array:
    """W x + U h + b of one gate."""
    return inputs(weights, gate, x) + recurrent(weights, gate, h)


def within(weights: Weights, path: str) -> Weights:
    """The weights of a cell within the cell, by the names that they have there."""
    start = f"{path}."
    return {name.removeprefix(start): part for name, part in weights.items() if name.startswith(start)}
