"""U' = m∘U, the same at all steps: Merity et al., 2018."""

from oracles.arrays import Array, State, Weights
from oracles.cells import Oracle
from oracles.switches import Drawn


def step(inner: Oracle, weights: Weights, x: Array, state: State, drawn: Drawn) -> tuple[Array, State]:
    return inner.step(weights | {name: weights[name] * m for name, m in drawn.masks.items()}, x, state)
