"""h_t = tanh(W x + U h + b) for units whose period divides t, else h: Koutník et al., 2014.

Each unit's phase is t mod T: 0 where it moves. One that is none, in a state of a test's own, counts as the
phase below it.
"""

from typing import Any

import numpy as np

from oracles.arrays import Array, State, Weights, dot, inputs


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    h, phase = state
    count, groups = h.shape[-1], len(spec.periods)
    period = np.array([spec.periods[k * groups // count] for k in range(count)], dtype=float)
    u = weights["U_h"] * (period[:, None] <= period[None, :])
    h_new = np.where(phase.real < 1, np.tanh(inputs(weights, "h", x) + dot(u, h)), h)
    later = phase + 1
    return h_new, (h_new, later - np.where(later.real >= period, period, 0.0))
