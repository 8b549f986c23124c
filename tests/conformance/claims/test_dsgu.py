"""What a deep simple gated unit writes lies between 0 and 1."""

import torch

from zoo.cells import DSGUSpec


def test_its_state_stays_between_0_and_1() -> None:
    torch.manual_seed(0)
    cell = DSGUSpec().build(3, 5).double()
    state = (torch.rand(20, 5, dtype=torch.float64),)
    for _ in range(30):
        h, state = cell(5 * torch.randn(20, 3, dtype=torch.float64), state)
        assert (h >= 0).all()
        assert (h <= 1).all()
