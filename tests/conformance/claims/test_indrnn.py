"""The gradient of a unit over time is a power of its own weight, which is kept in bounds."""

import pytest
import torch

from zoo.cells import IndRNNSpec


def test_the_gradient_of_an_active_unit_is_a_power_of_u() -> None:
    time, cell = 20, IndRNNSpec().build(3, 5).double()
    with torch.no_grad():
        cell.weight_ih.abs_()
    start = torch.ones(1, 5, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda h: after(cell, h, time), start)
    torch.testing.assert_close(jacobian[0, :, 0, :], torch.diag(cell.u.detach() ** time), rtol=1e-12, atol=0)


def after(cell: torch.nn.Module, h: torch.Tensor, time: int) -> torch.Tensor:
    """The state so many steps later, under inputs of 1."""
    x = torch.ones(1, 3, dtype=h.dtype)
    for _ in range(time):
        _, (h,) = cell(x, (h,))
    return h


@pytest.mark.parametrize("longest", [1, 100])
def test_the_constraint_lets_a_gradient_double_over_the_longest_time(longest: int) -> None:
    cell = IndRNNSpec(longest=longest).build(3, 5).double()
    with torch.no_grad():
        cell.u.copy_(torch.tensor([-9.0, -0.5, 0.0, 0.5, 9.0]))
    cell.constrain()
    torch.testing.assert_close(cell.u[[0, 4]].abs() ** longest, torch.full((2,), 2.0, dtype=torch.float64))
    assert cell.u[1:4].tolist() == [-0.5, 0.0, 0.5]


def test_without_a_longest_time_nothing_is_constrained() -> None:
    cell = IndRNNSpec().build(3, 5)
    with torch.no_grad():
        cell.u.fill_(9)
    cell.constrain()
    assert cell.u.tolist() == [9.0] * 5
