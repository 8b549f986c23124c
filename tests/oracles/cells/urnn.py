"""h_t = modReLU(W h + V x), W = D_3 R_2 F⁻¹ D_2 Π R_1 F D_1, all complex: Arjovsky et al., 2016.

A complex number is a pair of reals. `phases` are those of D_1, D_2, D_3; `reflections` are Re v_1, Im v_1,
Re v_2, Im v_2; `threshold` is b.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, dot

STARTS_OTHERWISE = ("phases", "reflections")
Pair = tuple[Array, Array]


def times(a: Pair, b: Pair) -> Pair:
    """a∘b."""
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def turned(angle: Array, z: Pair) -> Pair:
    """exp(i angle)∘z."""
    return times((np.cos(angle), np.sin(angle)), z)


def transformed(z: Pair, sign: float) -> Pair:
    """Σ_k exp(sign 2πi jk/H) z_k / √H, for each j."""
    count = z[0].shape[-1]
    angle = sign * 2 * np.pi * np.outer(np.arange(count), np.arange(count)) / count
    c, s = np.cos(angle) / np.sqrt(count), np.sin(angle) / np.sqrt(count)
    return dot(c, z[0]) - dot(s, z[1]), dot(c, z[1]) + dot(s, z[0])


def reflected(v: Pair, z: Pair) -> Pair:
    """z - 2 v (v* z) / |v|²."""
    inner = times((v[0], -v[1]), z)
    re, im = (part.sum(-1, keepdims=True) for part in inner)
    along, norm = times(v, (re, im)), (v[0] ** 2 + v[1] ** 2).sum(-1, keepdims=True)
    return z[0] - 2 * along[0] / norm, z[1] - 2 * along[1] / norm


def modrelu(z: Pair, threshold: Array | float) -> Pair:
    """z / |z| ∘ relu(|z| + b); 0 at 0."""
    square = z[0] ** 2 + z[1] ** 2
    size = np.sqrt(np.where(square == 0, 1.0, square))
    left = np.where(size + threshold > 0, size + threshold, 0.0)
    return z[0] * left / size, z[1] * left / size


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    one, two, three = np.split(weights["phases"], 3, axis=-1)
    a, b, c, d = np.split(weights["reflections"], 4, axis=-1)
    z = reflected((a, b), transformed(turned(one, (state[0], state[1])), -1))
    k = np.arange(1, z[0].shape[-1] + 1, dtype=float)
    order = np.argsort(np.modf(k**2 * (np.sqrt(5) - 1) / 2)[0])
    z = turned(two, (z[0][..., order], z[1][..., order]))
    z = turned(three, reflected((c, d), transformed(z, 1)))
    z = z[0] + dot(weights["W_r"], x), z[1] + dot(weights["W_i"], x)
    h_new = modrelu(z, weights["threshold"]) if spec.bias else z
    return beside(*h_new), h_new
