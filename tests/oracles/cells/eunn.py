"""h_t = modReLU(W h + V x), W of L layers of rotations of neighbours, all complex: Jing et al., 2017.

A complex number is a pair of reals. `theta` and `phi` are those of the rotations, layer by layer, `omega` the
phases at the end, `threshold` is b.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, beside, dot
from oracles.cells.urnn import modrelu, turned

STARTS_OTHERWISE = ("theta", "phi", "omega")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    units = [(state[0][..., k : k + 1], state[1][..., k : k + 1]) for k in range(state[0].shape[-1])]
    number = 0
    for layer in range(spec.capacity):
        for k in range(layer % 2, len(units) - 1, 2):
            theta, phi = (weights[name][..., number : number + 1] for name in ("theta", "phi"))
            a, b, c, s = units[k], units[k + 1], np.cos(theta), np.sin(theta)
            units[k] = turned(phi, (c * a[0] - s * b[0], c * a[1] - s * b[1]))
            units[k + 1] = (s * a[0] + c * b[0], s * a[1] + c * b[1])
            number += 1
    z = turned(weights["omega"], (beside(*(u[0] for u in units)), beside(*(u[1] for u in units))))
    z = z[0] + dot(weights["W_r"], x), z[1] + dot(weights["W_i"], x)
    h_new = modrelu(z, weights["threshold"]) if spec.bias else z
    return beside(*h_new), h_new
