"""Fast-slow: the slow cell is off the fast cells' way."""

import copy
import pickle

import pytest
import torch
from oracles.cells import oracle

from conformance.bridge import array, cell_weights
from conformance.cases import assert_close
from zoo.cells import FastSlowSpec, GRUSpec
from zoo.engines import pick
from zoo.stack import StackSpec


def test_a_slow_gate_that_keeps_keeps_whatever_the_fast_cells_do() -> None:
    torch.manual_seed(0)
    cell = FastSlowSpec(cell="elman", slow=GRUSpec(reset="before")).build(3, 4).double()
    with torch.no_grad():
        cell.slow.bias[cell.slow.rows("z")] = -1e3
    start = cell.state_type(*torch.randn(2, 5, 4, dtype=torch.float64))
    state = start
    for x in torch.randn(10, 5, 3, dtype=torch.float64):
        _, state = cell(x, state)
    assert torch.equal(state.slow_h, start.slow_h)
    assert not torch.isclose(state.fast_h, start.fast_h).any()


@pytest.mark.parametrize("fast", [2, 4])
def test_more_fast_cells_take_their_turn(fast: int) -> None:
    torch.manual_seed(0)
    spec = FastSlowSpec(cell="gru", slow="lstm", fast=fast)
    cell = spec.build(3, 4).double()
    assert pick("auto", cell.recurrence()).name == "c"
    x = torch.randn(5, 3, dtype=torch.float64)
    start = tuple(torch.randn(5, size, dtype=torch.float64) for size in cell.state_sizes)
    stack = StackSpec(cell=spec, hidden_size=4).build(3).double()
    stack.cells()[0].load_state_dict(cell.state_dict())
    output, (state,) = stack(x[:, None], (cell.state_type(*start),))
    for b in range(5):
        row = tuple(array(part[b]) for part in start)
        y, new = oracle("fast_slow", spec).step(cell_weights(cell), array(x[b]), row)
        assert_close(array(output[b, 0]).tolist(), y.tolist(), 1e-12)
        for found, expected in zip(state, new, strict=True):
            assert_close(array(found[b]).tolist(), expected.tolist(), 1e-12)


def test_one_fast_cell_is_not_enough() -> None:
    with pytest.raises(ValueError, match="fast is 1; expected an integer of at least 2"):
        FastSlowSpec(fast=1)


@pytest.mark.parametrize(
    "carried", [lambda state: pickle.loads(pickle.dumps(state)), copy.deepcopy], ids=["pickle", "copy"]
)
def test_a_state_is_carried_to_another_process(carried) -> None:
    cell = FastSlowSpec().build(3, 4)
    state = cell.state_type(*torch.randn(len(cell.state_sizes), 5, 4))
    found = carried(state)
    assert type(found) is type(state)
    assert all(torch.equal(part, other) for part, other in zip(found, state, strict=True))
