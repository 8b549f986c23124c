"""The oracles against finite differences, and against cases worked by hand."""

import numpy as np
import pytest

from oracles import cells, clipping
from oracles.joins import MERGES, WIRINGS
from oracles.samples import (
    CELLS,
    EACH_BIAS,
    EACH_CELL,
    EACH_DIRECTION,
    HIDDEN,
    INPUT,
    assert_same,
    random_batch,
    random_states,
    random_weights,
    slopes,
)
from oracles.sequence import Batch, run, run_back
from oracles.stack import Level, Way, run_stack, run_stack_back


@EACH_BIAS
@EACH_DIRECTION
@EACH_CELL
def test_backpropagation_through_time_equals_finite_differences(
    name: str, backward: bool, bias: bool
) -> None:
    generator = np.random.default_rng(1)
    cell, parts = CELLS[name].cell, CELLS[name].parts
    weights, batch = random_weights(name, generator, bias), random_batch(parts, generator)
    d_outputs = generator.normal(size=(5, 6, HIDDEN))
    d_final = random_states(5, parts, generator)

    def loss() -> float:
        outputs, final = run(cell, weights, batch, backward)
        parts_of_loss = [
            (outputs * d_outputs).sum(),
            *((a * b).sum() for a, b in zip(final, d_final, strict=True)),
        ]
        return float(sum(parts_of_loss))

    found = run_back(cell, weights, batch, d_outputs, d_final, backward)
    assert_same(found.x, slopes(loss, batch.x), 1e-8)
    assert found.weights.keys() == weights.keys()
    for key, weight in weights.items():
        assert_same(found.weights[key], slopes(loss, weight), 1e-8)
    for part in range(parts):
        assert_same(found.initial[part], slopes(loss, batch.initial[part]), 1e-8)
        assert_same(found.reset_state[part], slopes(loss, batch.reset_state[part]), 1e-8)


@pytest.mark.parametrize(
    ("kind", "table", "sizes"),
    [(kind, MERGES, (3, 3)) for kind in MERGES] + [(kind, WIRINGS, (3, 5)) for kind in WIRINGS],
)
@pytest.mark.parametrize("projected", [True, False], ids=["projected", "padded"])
def test_joins_have_the_derivative_of_finite_differences(
    kind: str, table: dict, sizes: tuple[int, int], projected: bool
) -> None:
    generator = np.random.default_rng(2)
    a, b = generator.normal(size=sizes[0]), generator.normal(size=sizes[1])
    shapes = {"W_s": (3, 6), "b_s": (3,)} if table is MERGES else {"W_t": (5, 3), "b_t": (5,), "P": (5, 3)}
    weights = {key: generator.normal(size=shape) for key, shape in shapes.items() if projected or key != "P"}
    rule = table[kind]
    d = generator.normal(size=rule.join(weights, a, b).shape)

    def loss() -> float:
        return float(rule.join(weights, a, b) @ d)

    d_a, d_b, d_weights = rule.back(weights, a, b, d)
    assert_same(d_a, slopes(loss, a), 1e-8)
    assert_same(d_b, slopes(loss, b), 1e-8)
    for key, weight in weights.items():
        assert_same(d_weights.get(key, np.zeros_like(weight)), slopes(loss, weight), 1e-8)


def test_a_whole_stack_has_the_gradient_of_finite_differences() -> None:
    generator = np.random.default_rng(3)
    batch = random_batch(1, generator)

    def way(width: int, backward: bool) -> Way:
        weights = {
            "W_h": generator.normal(size=(HIDDEN, width)) / 2,
            "U_h": generator.normal(size=(HIDDEN, HIDDEN)) / 2,
        }
        states = random_states(5, 1, generator), random_states(5, 1, generator)
        return Way(cells.Elman("tanh"), weights, backward, *states)

    gate = {"W_s": generator.normal(size=(HIDDEN, 2 * HIDDEN)), "b_s": generator.normal(size=HIDDEN)}
    highway = {"W_t": generator.normal(size=(HIDDEN, 7)), "b_t": np.ones(HIDDEN)}
    highway["P"] = generator.normal(size=(HIDDEN, 7))
    levels = [
        Level((way(INPUT, False),), "dense"),
        Level((way(7, False), way(7, True)), "highway", highway, "gated", gate),
    ]
    outputs, finals, traces = run_stack(levels, batch.x, batch.lengths, batch.resets)
    d_outputs = generator.normal(size=outputs.shape)
    d_finals = [tuple(random_states(5, 1, generator) for _ in final) for final in finals]

    def loss() -> float:
        outputs, finals, _ = run_stack(levels, batch.x, batch.lengths, batch.resets)
        total = float((outputs * d_outputs).sum())
        for final, d_final in zip(finals, d_finals, strict=True):
            for state, d_state in zip(final, d_final, strict=True):
                total += float((state[0] * d_state[0]).sum())
        return total

    d_x, found = run_stack_back(levels, traces, batch.lengths, batch.resets, d_outputs, d_finals)
    assert_same(d_x, slopes(loss, batch.x), 1e-8)
    for level, gradients in zip(levels, found, strict=True):
        for weights, d_weights in [
            (level.merge_weights, gradients.merge),
            (level.wiring_weights, gradients.wiring),
            *((way.weights, ran.weights) for way, ran in zip(level.ways, gradients.ways, strict=True)),
        ]:
            for key, weight in weights.items():
                assert_same(d_weights[key], slopes(loss, weight), 1e-8)


def test_the_two_resets_agree_where_the_candidates_matrix_is_diagonal() -> None:
    """Then U (r∘h) = r∘(U h); and z of the one is 1 - z, that is σ of minus the same, of the other."""
    generator = np.random.default_rng(6)
    before = random_weights("gru before", generator)
    before["U_n"] = np.diag(generator.normal(size=HIDDEN))
    after = before | {name: -before[name] for name in ("W_z", "U_z", "b_z")}
    x, h = generator.normal(size=INPUT), generator.normal(size=HIDDEN)
    output, _ = cells.GRUResetBefore().step(before, x, (h,))
    other, _ = cells.GRUResetAfter().step(after, x, (h,))
    assert_same(output, other, 1e-12)


@pytest.mark.parametrize(("bias_z", "kept"), [(-50.0, True), (50.0, False)])
def test_with_reset_before_an_update_gate_of_zero_keeps_the_state(bias_z: float, kept: bool) -> None:
    generator = np.random.default_rng(7)
    weights = random_weights("gru before", generator) | {"b_z": np.full(HIDDEN, bias_z)}
    x, h = generator.normal(size=INPUT), generator.normal(size=HIDDEN)
    output, _ = cells.GRUResetBefore().step(weights, x, (h,))
    assert np.allclose(output, h, rtol=0, atol=1e-12) == kept


def test_linear_network_is_a_product_of_matrices() -> None:
    generator = np.random.default_rng(8)
    U = generator.normal(size=(HIDDEN, HIDDEN))
    weights = {"W_h": np.zeros((HIDDEN, INPUT)), "U_h": U}
    zeros = np.zeros((1, HIDDEN))
    initial = generator.normal(size=(1, HIDDEN))
    batch = Batch(np.ones((1, 7, INPUT)), np.array([7]), (initial,), (zeros,), np.zeros((1, 7), dtype=bool))
    outputs, _ = run(cells.Elman("identity"), weights, batch)
    assert_same(outputs[0, -1], np.linalg.matrix_power(U, 7) @ initial[0], 1e-9)
    found = run_back(
        cells.Elman("identity"), weights, batch, np.zeros((1, 7, HIDDEN)), (np.ones((1, HIDDEN)),)
    )
    assert_same(found.initial[0][0], np.linalg.matrix_power(U.T, 7) @ np.ones(HIDDEN), 1e-9)


@pytest.mark.parametrize(("threshold", "expected"), [(2.5, [1.5, 2.0]), (5.0, [3.0, 4.0]), (6.0, [3.0, 4.0])])
def test_norm_clipping_shortens_and_keeps_the_direction(threshold: float, expected: list[float]) -> None:
    clipped = clipping.by_norm([np.array([3.0]), np.array([4.0])], threshold)
    assert_same(np.concatenate(clipped), np.array(expected), 1e-12)


def test_value_clipping_cuts_each_entry() -> None:
    (clipped,) = clipping.by_value([np.array([-3.0, 0.5, 2.0])], -1.0, 1.0)
    assert_same(clipped, np.array([-1.0, 0.5, 1.0]), 0.0)
