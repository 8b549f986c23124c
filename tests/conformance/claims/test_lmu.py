"""LMU: the memory is a window of θ steps."""

import math

import pytest
import torch

from zoo.cells import LMUSpec


@pytest.mark.parametrize("back", [0.25, 0.5, 1.0])
def test_the_memory_gives_back_a_sine_as_it_was(back: float) -> None:
    """Read with P_i(2r - 1), the sine of rθ steps before; half a step more, as inputs are held."""
    theta, order, rate = 40, 12, 2 * math.pi / 25
    cell = LMUSpec(order=order, theta=float(theta)).build(1, 3).double()
    with torch.no_grad():
        cell.encoder_x.fill_(1)
        cell.encoder_h.zero_()
    polynomials = [1.0, 2 * back - 1]
    for n in range(1, order - 1):
        polynomials.append(((2 * n + 1) * (2 * back - 1) * polynomials[n] - n * polynomials[n - 1]) / (n + 1))
    state = tuple(torch.zeros(1, size, dtype=torch.float64) for size in cell.state_sizes)
    for t in range(4 * theta):
        _, state = cell(torch.full((1, 1), math.sin(rate * t), dtype=torch.float64), state)
        if t > 2 * theta:
            found = state.m[0] @ torch.tensor(polynomials, dtype=torch.float64)
            assert found.item() == pytest.approx(math.sin(rate * (t + 0.5 - back * theta)), abs=0.02)
