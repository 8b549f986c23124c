"""The memory of an ODE-LSTM does not know the time, and its solvers have their order."""

import pytest
import torch
from torch import Tensor

from zoo.cells import ODELSTMSpec


def cell_of(**options: object) -> torch.nn.Module:
    torch.manual_seed(0)
    cell = ODELSTMSpec(**options).build(3, 4).double()
    for weight in (cell.weight_in, cell.weight_out):
        torch.nn.init.normal_(weight)
    return cell


def after(cell: torch.nn.Module, delta: float) -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    x, state = torch.randn(2, 3, dtype=torch.float64), torch.randn(2, 2, 4, dtype=torch.float64)
    _, (h, c) = cell(x, tuple(state), torch.full((2,), delta, dtype=torch.float64))
    return h, c


def test_the_memory_is_that_of_an_lstm_whatever_the_time() -> None:
    cell = cell_of()
    (h_0, c_0), (h_1, c_1) = after(cell, 0.0), after(cell, 3.0)
    assert torch.equal(c_0, c_1)
    assert (h_0 - h_1).abs().min() > 1e-3


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("rk4", 4)])
def test_halving_the_step_divides_the_error_as_the_order_says(solver: str, order: int) -> None:
    exact, _ = after(cell_of(solver="rk4", unfolds=200), 1.0)
    errors = [
        (after(cell_of(solver=solver, unfolds=unfolds), 1.0)[0] - exact).abs().max() for unfolds in (16, 32)
    ]
    assert torch.log2(errors[0] / errors[1]).item() == pytest.approx(order, abs=0.3)
