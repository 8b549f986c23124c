"""The states stay within 1, and within the time that has passed."""

import pytest
import torch

from zoo.cells import LEMSpec


@pytest.mark.parametrize("dt", [0.01, 1.0])
def test_the_states_are_bounded(dt: float) -> None:
    torch.manual_seed(0)
    cell = LEMSpec(dt=dt).build(3, 6).double()
    state = (torch.zeros(4, 6, dtype=torch.float64),) * 2
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.mul_(20)
        for step in range(1, 301):
            _, state = cell(torch.randn(4, 3, dtype=torch.float64), state)
            assert max(part.abs().max() for part in state) <= min(1.0, step * dt)
