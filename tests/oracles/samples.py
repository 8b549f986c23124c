"""The cells to be checked, and random weights, states and batches for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest

from oracles import cells, gated, linear
from oracles.cells import Array, OracleCell, Weights
from oracles.sequence import Batch

INPUT, HIDDEN = 3, 4


@dataclass(frozen=True)
class Sample:
    """A cell to be checked, and what it needs.

    Attributes:
        cell: The cell.
        gates: Gates with input weights and a bias.
        parts: Tensors in its state.
        recurrent: Gates with recurrent weights; None where they are those above.
        others: Shapes of its other weights.
        biases: Other weights that it has only where it has biases.
    """

    cell: OracleCell
    gates: str
    parts: int = 1
    recurrent: str | None = None
    others: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    biases: tuple[str, ...] = ()


CELLS: dict[str, Sample] = {
    "tanh": Sample(cells.Elman("tanh"), "h"),
    "relu": Sample(cells.Elman("relu"), "h"),
    "sigmoid": Sample(cells.Elman("sigmoid"), "h"),
    "identity": Sample(cells.Elman("identity"), "h"),
    "lstm": Sample(cells.LSTM(), "ifgo", 2),
    "gru before": Sample(cells.GRUResetBefore(), "rzn"),
    "gru after": Sample(cells.GRUResetAfter(), "rzn", others={"d_n": (HIDDEN,)}, biases=("d_n",)),
    "mgu": Sample(gated.MGU(), "fn"),
    "ligru": Sample(gated.LiGRU(), "zn"),
    "janet": Sample(gated.JANET(1.0), "fg"),
    "janet that adds up to 1": Sample(gated.JANET(0.0), "fg"),
    "peephole lstm": Sample(gated.PeepholeLSTM(), "ifgo", 2, others={f"p_{k}": (HIDDEN,) for k in "ifo"}),
    "layernorm lstm": Sample(
        gated.LayerNormLSTM(),
        "ifgo",
        2,
        others=dict.fromkeys(("s_c", "a_c", *(f"a_{k}_{g}" for k in "hx" for g in "ifgo")), (HIDDEN,)),
        biases=("s_c",),
    ),
    "mingru": Sample(linear.MinGRU("linear"), "zn", recurrent=""),
    "mingru positive": Sample(linear.MinGRU("positive"), "zn", recurrent=""),
    "minlstm": Sample(linear.MinLSTM("linear"), "ifg", recurrent=""),
    "minlstm positive": Sample(linear.MinLSTM("positive"), "ifg", recurrent=""),
    "sru": Sample(linear.SRU(), "ufr", recurrent="", others={"S": (HIDDEN, INPUT)}),
    "sru peephole": Sample(
        linear.SRU(), "ufr", recurrent="", others={"S": (HIDDEN, INPUT), "v_f": (HIDDEN,), "v_r": (HIDDEN,)}
    ),
    "lru": Sample(
        linear.LRU(), "rid", 2, recurrent="ri", others=dict.fromkeys(("nu", "theta", "gamma"), (HIDDEN,))
    ),
}
EACH_CELL = pytest.mark.parametrize("name", CELLS)
EACH_DIRECTION = pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
EACH_BIAS = pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])


def random_weights(name: str, generator: np.random.Generator, bias: bool = True) -> Weights:
    sample = CELLS[name]
    shapes = {f"W_{gate}": (HIDDEN, INPUT) for gate in sample.gates}
    recurrent = sample.gates if sample.recurrent is None else sample.recurrent
    shapes |= {f"U_{gate}": (HIDDEN, HIDDEN) for gate in recurrent}
    shapes |= {f"b_{gate}": (HIDDEN,) for gate in sample.gates if bias}
    shapes |= {key: shape for key, shape in sample.others.items() if bias or key not in sample.biases}
    return {key: generator.normal(size=shape) / 2 for key, shape in shapes.items()}


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
        reset_state=random_states(5, parts, generator),
        resets=resets,
    )


def slopes(function: Callable[[], float], at: Array, step: float = 1e-5) -> Array:
    """Central differences of fourth order of `function` for each entry of `at`, which it reads."""
    found = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        value = at[place]
        for steps, factor in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
            at[place] = value + steps * step
            found[place] += factor * function() / (12 * step)
        at[place] = value
    return found


def assert_same(found: Array, expected: Array, tolerance: float) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)
