"""The oracles against finite differences of whole runs, and against cases worked by hand."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from oracles import clipping
from oracles.arrays import Array, State, Weights, dot
from oracles.cells import oracle
from oracles.sequence import Batch, run, run_back
from oracles.slopes import Slopes
from oracles.stack import Level, Way, run_stack, run_stack_back
from oracles.wirings import wiring

INPUT, HIDDEN = 3, 4


def draw(generator: np.random.Generator, **shapes: tuple[int, ...]) -> Weights:
    return {name: generator.normal(size=shape) / 2 for name, shape in shapes.items()}


def gru_weights(generator: np.random.Generator) -> Weights:
    shapes = {f"W_{gate}": (HIDDEN, INPUT) for gate in "rzn"} | {
        f"U_{gate}": (HIDDEN, HIDDEN) for gate in "rzn"
    }
    return draw(generator, **shapes, **{f"b_{gate}": (HIDDEN,) for gate in "rzn"})


def random_states(generator: np.random.Generator) -> State:
    return (generator.normal(size=(5, HIDDEN)),)


def assert_same(found: Array, expected: Array, tolerance: float) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


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


def test_complex_steps_find_derivatives_that_are_known() -> None:
    a, b, d = np.array([0.3, -1.2]), np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, 2.0])
    found = Slopes(lambda a, b: (np.sin(a), dot(b, a)), [a, b]).back([d, d])
    assert_same(found[0], d * np.cos(a) + b.T @ d, 1e-15)
    assert_same(found[1], np.outer(d, a), 1e-15)


def test_a_whole_stack_has_the_gradient_of_finite_differences() -> None:
    generator = np.random.default_rng(3)
    resets = np.zeros((5, 6), dtype=bool)
    resets[0, [2, 3]] = resets[2, 0] = resets[4, 1] = resets[4, 5] = True
    x, lengths = generator.normal(size=(5, 6, INPUT)), np.array([6, 0, 3, 1, 4])

    def way(width: int, backward: bool) -> Way:
        weights = draw(generator, W_h=(HIDDEN, width), U_h=(HIDDEN, HIDDEN))
        cell = oracle("elman", SimpleNamespace(activation="tanh"))
        return Way(cell, weights, backward, random_states(generator), random_states(generator))

    gate = draw(generator, **{"gate.weight": (HIDDEN, 2 * HIDDEN), "gate.bias": (HIDDEN,)})
    highway = draw(generator, **{"gate.weight": (HIDDEN, 7), "gate.bias": (HIDDEN,)})
    highway |= draw(generator, **{"match.project.weight": (HIDDEN, 7)})
    levels = [
        Level((way(INPUT, False),), wiring("dense")),
        Level((way(7, False), way(7, True)), wiring("highway"), highway, "gated", gate),
    ]
    outputs, finals, traces = run_stack(levels, x, lengths, resets)
    d_outputs = generator.normal(size=outputs.shape)
    d_finals = [tuple(random_states(generator) for _ in final) for final in finals]

    def loss() -> float:
        outputs, finals, _ = run_stack(levels, x, lengths, resets)
        total = float((outputs * d_outputs).sum())
        for final, d_final in zip(finals, d_finals, strict=True):
            for state, d_state in zip(final, d_final, strict=True):
                total += float((state[0] * d_state[0]).sum())
        return total

    d_x, found = run_stack_back(levels, traces, lengths, resets, d_outputs, d_finals)
    assert_same(d_x, slopes(loss, x), 1e-8)
    for level, gradients in zip(levels, found, strict=True):
        for way_, ran in zip(level.ways, gradients.ways, strict=True):
            assert_same(ran.initial[0], slopes(loss, way_.initial[0]), 1e-8)
            assert_same(ran.reset_state[0], slopes(loss, way_.reset_state[0]), 1e-8)
        for weights, d_weights in [
            (level.merge_weights, gradients.merge),
            (level.wiring_weights, gradients.wiring),
            *((way_.weights, ran.weights) for way_, ran in zip(level.ways, gradients.ways, strict=True)),
        ]:
            for key, weight in weights.items():
                assert_same(d_weights[key], slopes(loss, weight), 1e-8)


def test_the_two_resets_agree_where_the_candidates_matrix_is_diagonal() -> None:
    """Then U (r∘h) = r∘(U h); and z of the one is 1 - z, that is σ of minus the same, of the other."""
    generator = np.random.default_rng(6)
    before = gru_weights(generator)
    before["U_n"] = np.diag(generator.normal(size=HIDDEN))
    after = before | {name: -before[name] for name in ("W_z", "U_z", "b_z")}
    x, h = generator.normal(size=INPUT), generator.normal(size=HIDDEN)
    output, _ = oracle("gru", SimpleNamespace(reset="before")).step(before, x, (h,))
    other, _ = oracle("gru", SimpleNamespace(reset="after")).step(after, x, (h,))
    assert_same(output, other, 1e-12)


@pytest.mark.parametrize(("bias_z", "kept"), [(-50.0, True), (50.0, False)])
def test_with_reset_before_an_update_gate_of_zero_keeps_the_state(bias_z: float, kept: bool) -> None:
    generator = np.random.default_rng(7)
    weights = gru_weights(generator) | {"b_z": np.full(HIDDEN, bias_z)}
    x, h = generator.normal(size=INPUT), generator.normal(size=HIDDEN)
    output, _ = oracle("gru", SimpleNamespace(reset="before")).step(weights, x, (h,))
    assert np.allclose(output, h, rtol=0, atol=1e-12) == kept


def test_linear_network_is_a_product_of_matrices() -> None:
    generator = np.random.default_rng(8)
    U = generator.normal(size=(HIDDEN, HIDDEN))
    weights = {"W_h": np.zeros((HIDDEN, INPUT)), "U_h": U}
    zeros = np.zeros((1, HIDDEN))
    initial = generator.normal(size=(1, HIDDEN))
    batch = Batch(np.ones((1, 7, INPUT)), np.array([7]), (initial,), (zeros,), np.zeros((1, 7), dtype=bool))
    cell = oracle("elman", SimpleNamespace(activation="identity"))
    outputs, _ = run(cell, weights, batch)
    assert_same(outputs[0, -1], np.linalg.matrix_power(U, 7) @ initial[0], 1e-9)
    found = run_back(cell, weights, batch, np.zeros((1, 7, HIDDEN)), (np.ones((1, HIDDEN)),))
    assert_same(found.initial[0][0], np.linalg.matrix_power(U.T, 7) @ np.ones(HIDDEN), 1e-9)


@pytest.mark.parametrize(("threshold", "expected"), [(2.5, [1.5, 2.0]), (5.0, [3.0, 4.0]), (6.0, [3.0, 4.0])])
def test_norm_clipping_shortens_and_keeps_the_direction(threshold: float, expected: list[float]) -> None:
    clipped = clipping.by_norm([np.array([3.0]), np.array([4.0])], threshold)
    assert_same(np.concatenate(clipped), np.array(expected), 1e-12)


def test_value_clipping_cuts_each_entry() -> None:
    (clipped,) = clipping.by_value([np.array([-3.0, 0.5, 2.0])], -1.0, 1.0)
    assert_same(clipped, np.array([-1.0, 0.5, 1.0]), 0.0)
