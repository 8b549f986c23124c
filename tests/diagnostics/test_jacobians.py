"""Jacobians and exponents of nets whose spectra are known, and of every cell against its own derivative."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from conformance.bridge import array, cell_weights, oracle_of
from conformance.cases import USUAL, VARIANTS
from oracles import through_time as oracle

from diagnostics.watched import BATCH, HIDDEN, INPUT, LENGTHS, TIME, WAY, pinned, random, stack_of
from zoo.cells.elman import ElmanSpec
from zoo.diagnostics import jacobian_singular_values, lyapunov_exponents, step_jacobians, watch
from zoo.engines import LayerTrace
from zoo.stack import Stack


def seen(stack: Stack, time: int = TIME, batch: int = BATCH, **sequences: Any) -> LayerTrace:
    with torch.no_grad(), watch(stack) as traces:
        stack(random(batch, time, INPUT).to(stack.cells()[0].weight_ih.dtype), **sequences)
    return traces[WAY]


def linear(matrix: torch.Tensor) -> Stack:
    """h <- W h + .. with this W."""
    stack = stack_of(ElmanSpec(activation="identity"), hidden_size=len(matrix))
    with torch.no_grad():
        stack.cells()[0].weight_hh.copy_(matrix)
    return stack


@pytest.mark.parametrize("variant", USUAL)
def test_the_jacobian_of_each_step_is_that_of_the_chain_rule_by_hand(variant: str) -> None:
    stack = stack_of(VARIANTS[variant])
    (cell,) = stack.cells()
    trace = seen(stack)
    weights, written = cell_weights(cell), oracle_of(cell)
    for t, found in enumerate(step_jacobians(trace)):
        for b in range(BATCH):
            state = tuple(array(part[t, b]) for part in trace.before)
            expected = oracle.jacobian(written, weights, array(trace.sequences.x[t, b]), state)
            np.testing.assert_allclose(array(found[b]), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("lag", [0, 1, 5])
def test_a_linear_net_multiplies_by_the_powers_of_its_matrix(lag: int) -> None:
    w = random(5, 5) / 2
    found = jacobian_singular_values(seen(linear(w)), lag)
    expected = np.linalg.svd(np.linalg.matrix_power(array(w), lag), compute_uv=False)
    for row in found:
        np.testing.assert_allclose(array(row), expected, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize(("activation", "bound"), [("tanh", 1.0), ("sigmoid", 0.25)])
def test_a_squashed_net_stays_below_the_bound_of_pascanu(activation: str, bound: float) -> None:
    stack = stack_of(ElmanSpec(activation=activation))
    trace = seen(stack)
    largest = np.linalg.svd(array(stack.cells()[0].weight_hh), compute_uv=False)[0]
    for lag in range(TIME + 1):
        assert float(jacobian_singular_values(trace, lag).max()) <= (bound * largest) ** lag * (1 + 1e-12)


def test_the_steps_in_between_can_be_asked_for() -> None:
    trace = seen(stack_of("lstm"))
    second, third = list(step_jacobians(trace))[1:3]
    expected = np.linalg.svd(array(third @ second), compute_uv=False)
    np.testing.assert_allclose(array(jacobian_singular_values(trace, 2, at=3)), expected, rtol=0, atol=1e-13)


def test_padding_passes_on_and_a_reset_cuts() -> None:
    resets = torch.zeros(BATCH, TIME, dtype=torch.bool)
    resets[2, 1] = True
    trace = seen(stack_of("lstm"), lengths=LENGTHS, resets=resets)
    found = list(step_jacobians(trace))
    assert torch.equal(found[2][1], torch.eye(2 * HIDDEN).double())
    assert not bool(found[1][2].any())
    assert bool(found[2][2].any())
    assert not bool(jacobian_singular_values(trace, TIME)[2].any())


def test_the_cell_of_an_open_lstm_is_kept_for_a_thousand_steps() -> None:
    stack = pinned(stack_of("lstm"), f=1000.0, i=-1000.0)
    (zero,) = stack.initial_state(1)
    c = random(1, HIDDEN)
    trace = seen(stack, 1000, 1, state=(type(zero)(zero.h, c),))
    assert torch.equal(trace.before[1], c.expand(1000, 1, HIDDEN))
    total = torch.eye(2 * HIDDEN).double()
    for jacobian in step_jacobians(trace):
        total = jacobian @ total
    assert torch.equal(total[0, HIDDEN:, HIDDEN:], torch.eye(HIDDEN).double())


def test_along_the_cell_the_jacobian_is_the_forget_gate() -> None:
    stack = stack_of("lstm")
    (cell,) = stack.cells()
    trace = seen(stack)
    for t, jacobian in enumerate(step_jacobians(trace)):
        h = trace.before[0][t]
        pre = cell.project(trace.sequences.x[t]) + h @ cell.weight_hh.T
        f = torch.sigmoid(pre[:, cell.rows("f")])
        torch.testing.assert_close(jacobian[:, HIDDEN:, HIDDEN:], torch.diag_embed(f), rtol=0, atol=1e-14)


def test_a_jacobian_that_is_not_finite_has_no_singular_values() -> None:
    stack, x = stack_of("elman"), random(2, TIME, INPUT)
    x[0, 3] = math.nan
    with torch.no_grad(), watch(stack) as traces:
        stack(x)
    found = jacobian_singular_values(traces[WAY], 4)
    assert found.isnan().all(1).tolist() == [True, False]
    assert lyapunov_exponents(traces[WAY]).isnan().all(1).tolist() == [True, False]


@pytest.mark.parametrize("count", [1, 3, 5])
def test_the_exponents_of_a_linear_net_are_the_logs_of_its_eigenvalues(count: int) -> None:
    eigenvalues = torch.tensor([1.3, -0.9, 0.6, 0.3, -0.1], dtype=torch.float64)
    basis = torch.eye(5).double() + random(5, 5) / 8
    trace = seen(linear(basis @ torch.diag(eigenvalues) @ torch.linalg.inv(basis)), 80, 2)
    found = lyapunov_exponents(trace, count, warm_up=50)
    expected = eigenvalues.abs().log()[:count].expand(2, -1)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm", "lru", "mgu"])
def test_the_exponents_add_up_to_the_mean_log_of_the_determinants(cell: str) -> None:
    trace = seen(stack_of(cell), 12)
    found = lyapunov_exponents(trace)
    assert torch.equal(found, found.sort(descending=True).values)
    logs = torch.stack([torch.linalg.slogdet(jacobian).logabsdet for jacobian in step_jacobians(trace)])
    expected = logs.mean(0)
    finite = expected.isfinite()
    assert torch.equal(found.sum(1).isfinite() & (found.sum(1) > -20), finite & (expected > -20))
    rows = finite & (expected > -20)
    torch.testing.assert_close(found.sum(1)[rows], expected[rows], rtol=0, atol=1e-9)


@pytest.mark.parametrize("cell", ["mingru", "minlstm", "sru", "lru", "elman"])
def test_the_first_exponent_is_the_largest_where_no_unit_sees_another(cell: str) -> None:
    """Each unit has an exponent of its own there, and that of the first unit is not the largest here."""
    diagonal = torch.tensor([0.3, -0.9, 0.7, 0.5]).double().diag()
    stack = linear(diagonal) if cell == "elman" else stack_of(cell)
    with torch.no_grad():
        for name, parameter in stack.named_parameters():
            if name.endswith("bias"):
                parameter *= 3  # sets the units apart
    trace = seen(stack, 300, 2)
    columns = torch.stack([jacobian.norm(dim=1) for jacobian in step_jacobians(trace)])
    own = columns[100:].log().mean(0)
    expected = own.sort(descending=True).values
    assert bool((own[:, 0] < expected[:, 0] - 0.05).all())
    for count in (1, 2, None):
        found = lyapunov_exponents(trace, count, warm_up=100)
        torch.testing.assert_close(found, expected[:, :count], rtol=0, atol=1e-3)


def test_the_frame_is_random_without_touching_the_state_of_random_numbers() -> None:
    trace = seen(stack_of("lru"), 20)
    before = torch.random.get_rng_state()
    first = lyapunov_exponents(trace, 2)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.rand(1)
    assert torch.equal(lyapunov_exponents(trace, 2), first)


def random_tanh_net(gain: float, seed: int, units: int = 100, time: int = 200) -> float:
    """The first exponent of h <- tanh(g W h), W ~ N(0, 1/N), from a random state."""
    generator = torch.Generator().manual_seed(seed)
    stack = pinned(stack_of("elman", torch.float32, hidden_size=units))
    (zero,) = stack.initial_state(1)
    with torch.no_grad(), watch(stack) as traces:
        stack.cells()[0].weight_hh.normal_(0, gain / math.sqrt(units), generator=generator)
        h = torch.randn(1, units, generator=generator)
        stack(torch.zeros(1, time, INPUT), (type(zero)(h),))
    return float(lyapunov_exponents(traces[WAY], 1, warm_up=time // 4))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_first_exponent_of_random_tanh_nets_changes_sign_at_gain_one(seed: int) -> None:
    assert random_tanh_net(0.8, seed) < -0.1
    assert random_tanh_net(2.0, seed) > 0.08


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"count": 0}, "count is 0; expected 1 to 4, the width of the state"),
        ({"count": 5}, "count is 5; expected 1 to 4"),
        ({"warm_up": TIME}, f"warm_up is {TIME}; expected 0 to {TIME - 1}"),
    ],
)
def test_exponents_that_do_not_exist_are_refused(options: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        lyapunov_exponents(seen(stack_of("gru")), **options)


def test_exponents_need_one_long_run() -> None:
    full = lyapunov_exponents(seen(stack_of("gru"), lengths=torch.full((BATCH,), TIME)))
    assert torch.equal(full, lyapunov_exponents(seen(stack_of("gru"))))
    for cut in ({"lengths": LENGTHS}, {"resets": torch.ones(BATCH, TIME, dtype=torch.bool)}):
        with pytest.raises(ValueError, match="padding or resets; expected one long run"):
            lyapunov_exponents(seen(stack_of("gru"), **cut))


@pytest.mark.parametrize(("lag", "at", "said"), [(1, 0, "at is 0"), (1, 7, "at is 7"), (4, 3, "lag is 4")])
def test_steps_that_are_not_there_are_refused(lag: int, at: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        jacobian_singular_values(seen(stack_of("gru")), lag, at)
