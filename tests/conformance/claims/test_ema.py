"""Old inputs fade exponentially from a moving average."""

import torch

from zoo.cells import EMASpec


def test_every_decay_lies_between_0_and_1() -> None:
    """Whatever the parameters are; and what is left after t steps is its t-th power."""
    torch.manual_seed(0)
    cell = EMASpec().build(3, 4).double()
    with torch.no_grad():
        cell.alpha.uniform_(-9, 9)
        cell.damping.uniform_(-9, 9)
        cell.bias.zero_()
    state = start = cell.state_type(torch.ones(1, 16, dtype=torch.float64))
    for _ in range(5):
        _, state = cell(torch.zeros(1, 3, dtype=torch.float64), state)
    decay = 1 - torch.sigmoid(cell.alpha) * torch.sigmoid(cell.damping)
    assert decay.min() > 0
    assert decay.max() < 1
    torch.testing.assert_close(state.s, decay**5 * start.s)


def test_its_weights_alternate_at_the_start() -> None:
    torch.manual_seed(0)
    cell = EMASpec(expansion=3).build(3, 50)
    signs = torch.tensor([1.0, -1.0, 1.0]).repeat_interleave(50)
    assert (cell.beta - signs).abs().max() < 0.1
