"""The cell within, each of whose recurrent matrices U is U diag(M x) V: Sutskever et al., 2011.

M and V are `weight_factor_x` and `weight_factor_h`.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot, within
from oracles.cells import oracle

STARTS_OTHERWISE = ("inner.bias",)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    inner = within(weights, "inner")
    between = dot(weights["weight_factor_x"], x)[..., :, None] * weights["weight_factor_h"]
    factored = {name: np.matmul(part, between) for name, part in inner.items() if name.startswith("U_")}
    return oracle(spec.cell.key, spec.cell).step(inner | factored, x, state)
