"""Normalisations of a vector, by the weights' names: `path.weight`, and `path.bias` of a layer norm."""

import numpy as np

from oracles.arrays import Array, Weights


def normed(weights: Weights, path: str, v: Array, epsilon: float = 1e-5) -> Array:
    """v by its root mean square, Zhang & Sennrich, 2019; with a bias by its deviation, Ba et al., 2016."""
    bias = weights.get(f"{path}.bias")
    centred = v if bias is None else v - v.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    return weights[f"{path}.weight"] * scaled + (0.0 if bias is None else bias)
