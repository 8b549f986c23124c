"""Units that do not move do not move."""

import torch

from zoo.cells import ClockworkSpec

WIDTH, TIME = 8, 20


def test_units_move_at_their_periods_and_else_not_at_all() -> None:
    torch.manual_seed(0)
    cell = ClockworkSpec(periods=(1, 3, 4)).build(3, WIDTH).double()
    h, state = torch.zeros(1, WIDTH).double(), (torch.zeros(1, WIDTH).double(),) * 2
    assert cell.period.tolist() == [1.0] * 3 + [3.0] * 3 + [4.0] * 2
    for t in range(TIME):
        new, state = cell(torch.randn(1, 3).double(), state)
        assert torch.equal((new != h)[0], t % cell.period == 0)
        h = new


def test_gradients_pass_unmoved_units_unchanged() -> None:
    torch.manual_seed(0)
    cell = ClockworkSpec(periods=(2, 3)).build(3, WIDTH).double()
    phase, h = torch.ones(1, WIDTH).double(), torch.randn(1, WIDTH).double()
    x = torch.randn(1, 3).double()
    jacobian = torch.autograd.functional.jacobian(lambda h: cell(x, (h, phase))[0], h)
    assert torch.equal(jacobian[0, :, 0, :], torch.eye(WIDTH).double())


def test_slow_units_never_see_fast_ones() -> None:
    torch.manual_seed(0)
    cell = ClockworkSpec(periods=(1, 2)).build(3, WIDTH).double()
    h, phase = torch.randn(1, WIDTH).double(), torch.zeros(1, WIDTH).double()
    x = torch.randn(1, 3).double()
    jacobian = torch.autograd.functional.jacobian(lambda h: cell(x, (h, phase))[0], h)[0, :, 0, :]
    assert not jacobian[WIDTH // 2 :, : WIDTH // 2].any()
    assert jacobian[: WIDTH // 2].all()
