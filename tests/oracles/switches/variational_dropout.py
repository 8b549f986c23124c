"""U (m∘s) is (U diag(m)) s: Gal & Ghahramani, 2016. Masks of inputs and outputs are no part of a step."""

from oracles.arrays import Array, State, Weights
from oracles.cells import Oracle
from oracles.switches import Drawn


def step(inner: Oracle, weights: Weights, x: Array, state: State, drawn: Drawn) -> tuple[Array, State]:
    if not (drawn.training and drawn.spec.recurrent):
        return inner.step(weights, x, state)
    columns = drawn.noise[..., None, :]
    masked = {name: part * columns for name, part in weights.items() if name.startswith("U_")}
    return inner.step(weights | masked, x, state)
