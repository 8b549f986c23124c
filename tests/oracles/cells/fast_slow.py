"""F_1 takes x, S the output of F_1, F_2 that of S, and the others 0: Mujika et al., 2017.

The fast cells `inner`, `second`, `rest` hand one state to the next; S is `slow`.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, within
from oracles.cells import oracle

STARTS_OTHERWISE = ("inner.bias", "slow.bias", "second.bias")


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    fast_cell, slow_cell = (oracle(each.key, each) for each in (spec.cell, spec.slow))
    parts = len(spec.cell.cell_class.state_type._fields)
    fast, slow = state[:parts], state[parts:]
    y, fast = fast_cell.step(within(weights, "inner"), x, fast)
    y, slow = slow_cell.step(within(weights, "slow"), y, slow)
    y, fast = fast_cell.step(within(weights, "second"), y, fast)
    for k in range(spec.fast - 2):
        y, fast = fast_cell.step(within(weights, f"rest.{k}"), np.zeros(1), fast)
    return y, (*fast, *slow)
