"""A constant part of the state of a minion recurrent unit stays."""

import torch

from zoo.cells import MiRU1Spec


def test_a_part_of_the_state_stays_whatever_the_input() -> None:
    torch.manual_seed(0)
    cell = MiRU1Spec(update=0.9).build(3, 5).double()
    x, h = 50 * torch.randn(40, 3, dtype=torch.float64), torch.randn(40, 5, dtype=torch.float64)
    new, _ = cell(x, (h,))
    assert (new - 0.9 * h).abs().max() <= 0.1 + 1e-12
