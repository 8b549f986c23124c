"""The bounds of a liquid time-constant network: theorems 1 and 2 of Hasani et al., 2021."""

import torch

from zoo.cells import LTCSpec
from zoo.stack import StackSpec


def test_its_state_is_bounded_whatever_the_input() -> None:
    """Between min(0, A) and max(0, A), from where it started in between."""
    torch.manual_seed(0)
    cell = LTCSpec().build(3, 8).double()
    with torch.no_grad():
        cell.log_tau.uniform_(-2, 4)
        cell.resting.uniform_(-3, 3)
    state = (torch.zeros(50, 8, dtype=torch.float64),)
    for _ in range(30):
        x, deltas = 100 * torch.randn(50, 3, dtype=torch.float64), 10 * torch.rand(50, dtype=torch.float64)
        h, state = cell(x, state, deltas)
        assert (h >= cell.resting.clamp(max=0)).all()
        assert (h <= cell.resting.clamp(min=0)).all()
    assert (h != 0).all()


def test_its_time_constant_is_that_of_a_leak_and_of_its_input() -> None:
    """τ / (1 + τ f): many small steps go to the resting point as the exact solution does."""
    cell = LTCSpec(unfolds=2000).build(1, 1).double()
    with torch.no_grad():
        for weight in (cell.weight_ih, cell.weight_hh, cell.bias):
            weight.zero_()  # f is 1/2
        cell.log_tau.fill_(1.0)
        cell.resting.fill_(2.0)
    h, _ = cell(torch.zeros(1, 1).double(), (torch.ones(1, 1).double(),), torch.full((1,), 1.5).double())
    rate = torch.exp(-cell.log_tau) + 0.5
    end = 0.5 * cell.resting / rate
    torch.testing.assert_close(h[0], end + (1 - end) * torch.exp(-1.5 * rate), rtol=0, atol=1e-3)


def test_differences_between_inputs_outlive_two_layers_at_the_start() -> None:
    torch.manual_seed(0)
    stack = StackSpec(cell="ltc", hidden_size=100, num_layers=2).build(8)
    outputs, _ = stack(torch.rand(200, 8, 8))
    assert outputs[:, -1].std(0).mean() > 1e-3
