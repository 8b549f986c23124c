"""S4D: the zero-order hold is exact, and A starts as S4D-Lin."""

import math

import torch

from zoo.cells import S4DSpec


def test_a_step_is_the_exact_solution_for_an_input_that_is_held() -> None:
    """Two steps of Δ are one of 2Δ."""
    torch.manual_seed(0)
    cell, twice = (S4DSpec(expansion=3).build(2, 4).double() for _ in range(2))
    twice.load_state_dict(cell.state_dict())
    with torch.no_grad():
        twice.log_step.add_(math.log(2))
    x = torch.randn(5, 2, dtype=torch.float64)
    start = cell.state_type(*torch.randn(2, 5, 12, dtype=torch.float64))
    _, between = cell(x, start)
    found, expected = cell(x, between), twice(x, start)
    torch.testing.assert_close(found, expected)


def test_it_starts_as_s4d_lin() -> None:
    cell = S4DSpec(expansion=3).build(2, 4)
    torch.testing.assert_close(-torch.exp(cell.log_decay), torch.full((12,), -0.5))
    expected = torch.tensor([0.0, math.pi, 2 * math.pi]).repeat_interleave(4)
    torch.testing.assert_close(cell.frequency, expected)
    assert 0.001 <= cell.log_step.exp().min() <= cell.log_step.exp().max() <= 0.1
