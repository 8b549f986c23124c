"""Steps that are linear in their state: found by their operations, run as the reference loop runs them."""

import copy
import pickle
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.linear_cases import (
    HIDDEN,
    INPUT,
    LINEAR_CELLS,
    cell_recurrence,
    own_recurrence,
    results,
    sequences_for,
)
from zoo.cells import CELLS
from zoo.engines import ENGINES, Sequences, pick, run_reference
from zoo.engines.program.trace import trace
from zoo.engines.scan.affine_form import linear_form
from zoo.engines.scan.run import SHORT, LinearRun, form_of, run_linear


def decay(pre: Any, state: Any, product: Any) -> Any:
    a, b = pre.chunk(2, -1)
    h = torch.where(a > 0, 0.1 * state[0], state[0]) / (1 + a * a) - (b - state[0] * torch.sigmoid(a))
    return h * state[0], (h,)


def mixed(pre: Any, state: Any, product: Any) -> Any:
    z, n = pre.chunk(2, -1)
    h = torch.lerp(state[0], n, torch.sigmoid(z))
    return torch.tanh(product("a", torch.tanh(product("b", h) + state[0]))), (h,)


def three(pre: Any, state: Any, product: Any) -> Any:
    a, b = pre.chunk(2, -1)
    fast, slow, before = state
    new = torch.sigmoid(a) * fast + b
    return new + before * slow, (new, slow * 0.9 + (fast - slow) / 4, fast)


def constants(pre: Any, state: Any, product: Any) -> Any:
    new = torch.where(pre > 0, state[0], torch.zeros_like(pre))
    return new - 1, (new, torch.full_like(pre, 0.3) + 0 * state[1])


def shared(pre: Any, state: Any, product: Any) -> Any:
    h = state[0] * torch.sigmoid(pre.mean(-1, keepdim=True)) + pre
    return h, (h,)


def memoryless(pre: Any, state: Any, product: Any) -> Any:
    return state[0] + pre, (pre,)


OWN = {
    "decay": (decay, 2, 1),
    "mixed": (mixed, 2, 1),
    "three": (three, 2, 3),
    "constants": (constants, 1, 2),
    "shared": (shared, 1, 1),
    "memoryless": (memoryless, 1, 1),
}
"""Steps of one's own that are linear, the blocks they read, and the blocks of their state."""


def recurrence_of(name: str) -> Any:
    return own_recurrence(*OWN[name]) if name in OWN else cell_recurrence(name)


def prepared(recurrence: Any) -> LinearRun:
    """What the engine makes of a recurrence."""
    return LinearRun(form_of(recurrence))


def refusal(recurrence: Any) -> str | None:
    """Why the engine cannot run it, or None."""
    return ENGINES["scan"].refusal(recurrence)


def scan_of(recurrence: Any) -> Any:
    """The scan itself, however short the sequences are."""
    return partial(run_linear, form_of(recurrence))


def assert_same(recurrence: Any, sequences: Sequences, order: int = 1) -> None:
    expected = results(run_reference, recurrence, sequences, order)
    found = results(scan_of(recurrence), recurrence, sequences, order)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("time", [0, 1, 2, 17, 63, 200])
@pytest.mark.parametrize("name", [*LINEAR_CELLS, *OWN])
def test_a_run_equals_the_reference_loop(name: str, time: int) -> None:
    recurrence = recurrence_of(name)
    assert_same(recurrence, sequences_for(recurrence, time))


@pytest.mark.parametrize("time", [1, SHORT - 1, SHORT, SHORT + 1])
def test_short_sequences_are_left_to_the_reference_loop(time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    recurrence = recurrence_of("lru")
    sequences = sequences_for(recurrence, time)
    found = results(prepared(recurrence), recurrence, sequences)
    torch.testing.assert_close(found, results(run_reference, recurrence, sequences), rtol=1e-9, atol=1e-9)
    monkeypatch.setattr(
        "zoo.engines.scan.run.run_reference", lambda recurrence, sequences: ("left to it", ())
    )
    assert (prepared(recurrence)(recurrence, sequences)[0] == "left to it") is (time < SHORT)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_any_batch_equals_the_reference_loop(data: st.DataObject) -> None:
    recurrence = recurrence_of(data.draw(st.sampled_from([*LINEAR_CELLS, *OWN])))
    time, batch, seed = (data.draw(st.integers(0, top)) for top in (90, 3, 999))
    sequences = sequences_for(
        recurrence, time, batch, seed, data.draw(st.booleans()), data.draw(st.booleans())
    )
    assert_same(recurrence, sequences)


@pytest.mark.parametrize("name", ["mingru", "sru", "lru", "mixed", "three"])
def test_gradients_of_gradients_equal_those_of_the_reference_loop(name: str) -> None:
    recurrence = recurrence_of(name)
    for time in (3, 70):
        assert_same(recurrence, sequences_for(recurrence, time), order=2)


def test_padding_is_inert_even_where_states_would_grow_there() -> None:
    def step(pre: Any, state: Any, product: Any) -> Any:
        return state[0], (pre * state[0] + 1,)

    recurrence = own_recurrence(step, 1)
    plain = sequences_for(recurrence, 400, reset=False)
    steps = torch.arange(400)[:, None, None]
    short = torch.tensor([3, 0, 2, 5])
    x = torch.where(steps < short[:, None], plain.x.detach(), 1e3).requires_grad_()
    sequences = Sequences(x, plain.state, plain.reset_state, short)
    assert all(part.isfinite().all() for part in results(prepared(recurrence), recurrence, sequences))
    assert_same(recurrence, sequences)


@pytest.mark.parametrize("name", ["lstm", "gru", "elman", "mgu", "layernorm_lstm", "peephole_lstm", "janet"])
def test_a_cell_that_is_not_linear_is_refused_with_the_reason(name: str) -> None:
    recurrence = cell_recurrence(name)
    assert "its new state is not linear in the old one" in str(refusal(recurrence))
    with pytest.raises(
        ValueError, match="'scan' cannot run this: its new state is not linear in the old one"
    ):
        pick("scan", recurrence)


def test_a_peephole_makes_a_cell_non_linear() -> None:
    assert refusal(cell_recurrence("sru")) is None
    assert "not linear" in str(refusal(cell_recurrence("sru", peephole=True)))


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in CELLS.names()
        if refusal(cell_recurrence(name)) is None
        or (CELLS[name].card.linear and CELLS[name].card.family != "matrix")
    ],
)
def test_what_a_card_claims_is_what_the_operations_say(name: str) -> None:
    assert CELLS[name].card.linear
    assert refusal(cell_recurrence(name)) is None


@pytest.mark.parametrize(
    "new",
    [
        lambda pre, h, product: h * h,
        lambda pre, h, product: h * torch.sigmoid(pre * h),
        lambda pre, h, product: pre / h,
        lambda pre, h, product: h.abs(),
        lambda pre, h, product: torch.where(h > 0, pre, h),
        lambda pre, h, product: torch.maximum(h, pre),
        lambda pre, h, product: h - h.mean(-1, keepdim=True) + pre,
        lambda pre, h, product: pre + product("a", h),
        lambda pre, h, product: pre + 0.5 * h + product("a", torch.tanh(product("b", h))),
        lambda pre, h, product: torch.relu(h) + pre,
    ],
)
def test_each_way_not_to_be_linear_is_seen(new: Any) -> None:
    def step(pre: Any, state: Any, product: Any) -> Any:
        return state[0], (new(pre, state[0], product),)

    recurrence = own_recurrence(step, 1)
    assert linear_form(trace(recurrence)) is None
    assert "unit by unit" in str(refusal(recurrence))


def test_what_is_no_program_of_blocks_is_refused_with_that_reason() -> None:
    def step(pre: Any, state: Any, product: Any) -> Any:
        return state[0], (state[0] + pre.cumprod(-1),)

    assert "not element-wise" in str(refusal(own_recurrence(step, 1)))


def test_an_output_that_is_not_made_of_blocks_is_refused() -> None:
    def step(pre: Any, state: Any, product: Any) -> Any:
        h = state[0] * 0.5 + pre
        return h.mean(-1, keepdim=True), (h,)

    recurrence = own_recurrence(step, 1)
    recurrence = type(recurrence)(**{**vars(recurrence), "output_size": 1})
    assert "widths of 1 and H = " in str(refusal(recurrence))


@pytest.mark.parametrize("name", ["mingru", "lru", "sru", "minlstm"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_numbers_have_the_types_that_the_reference_loop_gives_them(name: str, dtype: torch.dtype) -> None:
    """And states are no farther from the exact ones, since they are added up in single precision."""
    torch.manual_seed(0)
    cell = CELLS[name].spec_class().build(INPUT, HIDDEN)
    x, start = torch.randn(100, 2, INPUT), torch.randn(2, HIDDEN)

    def run(runner: Any, dtype: torch.dtype) -> Any:
        recurrence = copy.deepcopy(cell).to(dtype).recurrence()
        state = tuple(start.to(dtype) for _ in recurrence.state_sizes)
        with torch.no_grad():
            return runner(recurrence, Sequences(x.to(dtype), state, state))

    fast = prepared(cell.recurrence())
    (outputs, final), (expected, last) = run(fast, dtype), run(run_reference, dtype)
    assert outputs.dtype == expected.dtype
    assert [part.dtype for part in final] == [part.dtype for part in last]
    exact, _ = run(run_reference, torch.float64)
    error, allowed = ((part.double() - exact).abs().max() for part in (outputs, expected))
    assert error <= 1.5 * allowed + 1e-6


@pytest.mark.parametrize("name", ["mingru", "lru"])
def test_autocast_gives_the_types_of_the_reference_loop(name: str) -> None:
    torch.manual_seed(0)
    cell = CELLS[name].spec_class().build(INPUT, HIDDEN)
    recurrence = cell.recurrence()
    state = tuple(torch.randn(2, HIDDEN) for _ in recurrence.state_sizes)
    sequences = Sequences(torch.randn(50, 2, INPUT), state, state)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, final = prepared(recurrence)(recurrence, sequences)
        expected, last = run_reference(recurrence, sequences)
    assert outputs.dtype == expected.dtype
    torch.testing.assert_close(final, last, rtol=0.02, atol=0.02)
    torch.testing.assert_close(outputs, expected, rtol=0.02, atol=0.05)
    outputs.float().sum().backward()
    assert all(parameter.grad is not None for parameter in cell.parameters())


def test_a_run_can_be_pickled_and_runs_recurrences_with_other_parameters() -> None:
    run = pickle.loads(pickle.dumps(prepared(cell_recurrence("lru"))))
    other = CELLS["lru"].spec_class().build(INPUT, HIDDEN).double().recurrence()
    sequences = sequences_for(other, 30)
    torch.testing.assert_close(run(other, sequences)[0], run_reference(other, sequences)[0])


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # torch calls it
@pytest.mark.parametrize("name", ["mingru", "lru"])
def test_torch_func_works_through_a_run(name: str) -> None:
    recurrence = cell_recurrence(name)
    sequences = sequences_for(recurrence, 70, padded=False, reset=False)
    x, state = sequences.x.detach(), tuple(part.detach() for part in sequences.state)
    fast = scan_of(recurrence)

    def loss(runner: Any) -> Any:
        def of(x: Any) -> Any:
            outputs, final = runner(recurrence, Sequences(x, state, state))
            return (outputs**2).sum() + final[0].sum()

        return of

    for take in (torch.func.grad, torch.func.jacfwd, torch.func.jacrev):
        torch.testing.assert_close(take(loss(fast))(x), take(loss(run_reference))(x))
    many = torch.stack([x, 2 * x])
    found, expected = (torch.vmap(torch.func.grad(loss(run)))(many) for run in (fast, run_reference))
    torch.testing.assert_close(found, expected)
