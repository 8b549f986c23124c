"""The energy of the oscillators grows no faster than time passes."""

import pytest
import torch

from zoo.cells import CoRNNSpec


@pytest.mark.parametrize("dt", [0.01, 0.3, 1.0])
def test_the_energy_is_bounded_by_the_time_that_has_passed(dt: float) -> None:
    torch.manual_seed(0)
    width, spec = 6, CoRNNSpec(dt=dt, damping="implicit")
    cell = spec.build(3, width).double()
    state = (torch.zeros(4, width, dtype=torch.float64),) * 2
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.mul_(20)
        for step in range(1, 301):
            _, state = cell(torch.randn(4, 3, dtype=torch.float64), state)
            energy = sum(part.square().sum(-1) for part in state)
            assert (energy <= width * step * dt).all()
