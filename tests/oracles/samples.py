"""The cells to be checked, and random weights, states and batches for them."""

from collections.abc import Callable

import numpy as np
import pytest

from oracles import cells
from oracles.cells import Array, OracleCell, Weights
from oracles.sequence import Batch

INPUT, HIDDEN = 3, 4
CELLS: dict[str, tuple[OracleCell, str, int]] = {
    "tanh": (cells.Elman("tanh"), "h", 1),
    "relu": (cells.Elman("relu"), "h", 1),
    "sigmoid": (cells.Elman("sigmoid"), "h", 1),
    "identity": (cells.Elman("identity"), "h", 1),
    "lstm": (cells.LSTM(), "ifgo", 2),
    "gru before": (cells.GRUResetBefore(), "rzn", 1),
    "gru after": (cells.GRUResetAfter(), "rzn", 1),
}
EACH_CELL = pytest.mark.parametrize("name", CELLS)
EACH_DIRECTION = pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
EACH_BIAS = pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])


def random_weights(name: str, generator: np.random.Generator, bias: bool = True) -> Weights:
    weights = {}
    for gate in CELLS[name][1]:
        weights[f"W_{gate}"] = generator.normal(size=(HIDDEN, INPUT)) / 2
        weights[f"U_{gate}"] = generator.normal(size=(HIDDEN, HIDDEN)) / 2
        if bias:
            weights[f"b_{gate}"] = generator.normal(size=HIDDEN) / 2
    if bias and name == "gru after":
        weights["d_n"] = generator.normal(size=HIDDEN) / 2
    return weights


def random_states(count: int, parts: int, generator: np.random.Generator) -> cells.State:
    return tuple(generator.normal(size=(count, HIDDEN)) for _ in range(parts))


def random_batch(parts: int, generator: np.random.Generator) -> Batch:
    """Five sequences of up to 6 steps, one of them empty, one with two resets."""
    resets = np.zeros((5, 6), dtype=bool)
    resets[0, [2, 3]] = resets[2, 0] = resets[4, 1] = resets[4, 5] = True
    return Batch(
        x=generator.normal(size=(5, 6, INPUT)),
        lengths=np.array([6, 0, 3, 1, 4]),
        initial=random_states(5, parts, generator),
        fresh=random_states(5, parts, generator),
        resets=resets,
    )


def slopes(function: Callable[[], float], at: Array, step: float = 1e-5) -> Array:
    """Central differences of `function` for each entry of `at`, which it reads."""
    found = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        value = at[place]
        at[place] = value + step
        above = function()
        at[place] = value - step
        found[place] = (above - function()) / (2 * step)
        at[place] = value
    return found


def assert_same(found: Array, expected: Array, tolerance: float) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
