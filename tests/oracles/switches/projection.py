"""y' = P y: Sak et al., 2014."""

from oracles.arrays import Array, State, Weights, dot
from oracles.cells import Oracle
from oracles.switches import Drawn


def step(inner: Oracle, weights: Weights, x: Array, state: State, drawn: Drawn) -> tuple[Array, State]:
    y, new = inner.step(weights, x, state)
    return dot(weights["switch.weight"], y), new
