"""Gradient clipping, written down from the papers' equations; gradients are arrays of float64.

By norm: Pascanu et al., 2013, https://arxiv.org/abs/1211.5063, Algorithm 1.
By unit: Brock et al., 2021, https://arxiv.org/abs/2102.06171, equation 3 and section 4.1.
By percentile: Seetharaman et al., 2020, https://arxiv.org/abs/2007.14469, section 3.
"""

import numpy as np


def norm_over(gradients: list[np.ndarray]) -> float:
    """‖g‖, where g is all gradients as one vector."""
    return float(np.sqrt(sum(float((gradient**2).sum()) for gradient in gradients)))


def by_norm(gradients: list[np.ndarray], threshold: float) -> list[np.ndarray]:
    """If ‖g‖ >= threshold then g <- threshold / ‖g‖ · g, where g is all gradients as one vector."""
    norm = norm_over(gradients)
    if norm >= threshold:
        return [threshold / norm * gradient for gradient in gradients]
    return list(gradients)


def by_value(gradients: list[np.ndarray], least: float, most: float) -> list[np.ndarray]:
    """Each entry below `least` becomes `least`, each above `most` becomes `most`."""
    return [np.minimum(np.maximum(gradient, least), most) for gradient in gradients]


def by_parts(
    gradients: dict[str, np.ndarray], parts: dict[str, str], threshold: float
) -> dict[str, np.ndarray]:
    """`by_norm` of each part by itself; `parts` says which part each gradient is in."""
    clipped = {}
    for part in set(parts.values()):
        names = [name for name in gradients if parts[name] == part]
        clipped |= dict(zip(names, by_norm([gradients[name] for name in names], threshold), strict=True))
    return clipped


def by_unit(gradient: np.ndarray, weight: np.ndarray, ratio: float, eps: float = 1e-3) -> np.ndarray:
    """For each unit i: if ‖G_i‖ / ‖W_i‖* > λ then G_i <- λ ‖W_i‖* / ‖G_i‖ · G_i, with ‖W_i‖* = max(‖W_i‖, ε).

    The unit i of a matrix of shape (N, M) is its row i; a vector or a scalar is one unit.
    """
    if gradient.ndim < 2:
        return by_unit(gradient.reshape(1, -1), weight.reshape(1, -1), ratio, eps).reshape(gradient.shape)
    clipped = gradient.copy()
    for i in range(len(gradient)):
        g, w = norm_over([gradient[i]]), max(norm_over([weight[i]]), eps)
        if g / w > ratio:
            clipped[i] = ratio * w / g * gradient[i]
    return clipped


def by_percentile(
    steps: list[list[np.ndarray]], percentile: float, history: int | None = None
) -> list[list[np.ndarray]]:
    """At step t: η = the p-th percentile of ‖g_1‖, ..., ‖g_t‖; g_t <- min(η / ‖g_t‖, 1) · g_t.

    Only the last `history` norms count, if that is given. Steps whose gradients are not finite are left out.
    """
    norms: list[float] = []
    clipped = []
    for gradients in steps:
        norm = norm_over(gradients)
        if not np.isfinite(norm):
            clipped.append(gradients)
            continue
        norms.append(norm)
        limit = np.percentile(norms if history is None else norms[-history:], percentile)
        factor = min(limit / norm, 1.0) if norm > 0 else 1.0
        clipped.append([factor * gradient for gradient in gradients])
    return clipped
