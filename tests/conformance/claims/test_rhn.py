"""Levels that may be passed by."""

import pytest
import torch

from conformance.bridge import expected
from conformance.cases import (
    HIDDEN,
    INPUT,
    LENGTHS,
    RESETS,
    assert_close,
    evaluate,
    padded,
    random_state,
    random_x,
    randomised,
)
from zoo.cells import RHNSpec
from zoo.stack import StackSpec


def test_closed_gates_carry_the_state_on_and_its_gradient() -> None:
    torch.manual_seed(0)
    cell = RHNSpec(depth=5, transform_bias=-1e4).build(INPUT, HIDDEN).double()
    start = torch.randn(2, HIDDEN, dtype=torch.float64, requires_grad=True)
    s = start
    for x in torch.randn(1000, 2, INPUT, dtype=torch.float64):
        _, (s,) = cell(x, (s,))
    (slope,) = torch.autograd.grad(s.sum(), start)
    assert torch.equal(s, start)
    assert torch.equal(slope, torch.ones_like(slope))


def test_open_gates_make_a_deep_simple_network() -> None:
    torch.manual_seed(0)
    cell = RHNSpec(depth=3, transform_bias=1e4).build(INPUT, HIDDEN).double()
    x, s = torch.randn(2, INPUT, dtype=torch.float64), torch.randn(2, HIDDEN, dtype=torch.float64)
    found, _ = cell(x, (s,))
    s = torch.tanh(x @ cell.weight_ih[cell.rows("h")].T + s @ cell.recurrent_weight("h").T)
    for level in "ac":
        s = torch.tanh(s @ cell.recurrent_weight(level).T)
    assert_close(found, s, 1e-12)


@pytest.mark.parametrize("depth", [1, 2, 10])
@pytest.mark.parametrize("engine", ["reference", "c"])
def test_every_depth_equals_its_equations_in_value_and_gradient(depth: int, engine: str) -> None:
    spec = StackSpec(cell=RHNSpec(depth=depth), hidden_size=4, engine=engine)
    stack = randomised(spec.build(INPUT).double())
    x, state = padded(random_x(), LENGTHS, 0.0), random_state(stack)
    assert_close(evaluate(stack, x, state, LENGTHS, RESETS), expected(stack, x, state, LENGTHS, RESETS))


def test_the_gates_of_all_levels_start_closed() -> None:
    cell = RHNSpec(depth=3).build(3, 2)
    assert cell.bias.tolist() == [0.0, 0.0, -2.0, -2.0]
    assert cell.bias_hh.tolist() == [0.0, 0.0, -2.0, -2.0] * 2


@pytest.mark.parametrize("depth", [0, 11, True, 1.5])
def test_a_depth_that_is_none_is_refused(depth: object) -> None:
    with pytest.raises(ValueError, match=r"depth is .* expected a whole number from 1 to 10"):
        RHNSpec(depth=depth)
