"""The cell within, whose weights are drawn otherwise and stay so: Jaeger, 2001."""

from typing import Any

from oracles.arrays import Array, State, Weights, within
from oracles.cells import oracle

STARTS_OTHERWISE = ("weight_hh",)


def step(weights: Weights, x: Array, state: State, spec: Any) -> tuple[Array, State]:
    return oracle(spec.cell.key, spec.cell).step(within(weights, "inner"), x, state)
