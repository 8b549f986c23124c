"""Gradient clipping, written down from Pascanu et al., 2013, https://arxiv.org/abs/1211.5063, Algorithm 1."""

import numpy as np


def by_norm(gradients: list[np.ndarray], threshold: float) -> list[np.ndarray]:
    """If ‖g‖ >= threshold then g <- threshold / ‖g‖ · g, where g is all gradients as one vector."""
    norm = np.sqrt(sum(float((gradient**2).sum()) for gradient in gradients))
    if norm >= threshold:
        return [threshold / norm * gradient for gradient in gradients]
    return list(gradients)


def by_value(gradients: list[np.ndarray], least: float, most: float) -> list[np.ndarray]:
    """Each entry below `least` becomes `least`, each above `most` becomes `most`."""
    return [np.minimum(np.maximum(gradient, least), most) for gradient in gradients]
