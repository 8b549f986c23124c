"""There is no chaos."""

import torch

from conformance.cases import HIDDEN, INPUT
from zoo.cells import CFNSpec


def test_without_input_each_unit_falls_to_zero_whatever_the_weights_are() -> None:
    """Also where they are so large that a simple recurrent network would be chaotic."""
    torch.manual_seed(0)
    for scale in (0.5, 3.0, 10.0):
        cell = CFNSpec().build(INPUT, HIDDEN).double()
        with torch.no_grad():
            for parameter in cell.parameters():
                parameter.uniform_(-scale, scale)
        silence = torch.zeros(8, INPUT, dtype=torch.float64)
        h = torch.randn(8, HIDDEN, dtype=torch.float64)
        for _ in range(1000):
            _, (after,) = cell(silence, (h,))
            assert (after.abs() <= h.abs()).all()
            h = after
        assert h.abs().max() < 0.05
