"""Closed phases keep the state of a phased LSTM, to the bit, and open ones let it change."""

import torch

from zoo.cells import PhasedLSTMSpec


def test_units_whose_phase_is_closed_keep_their_state() -> None:
    torch.manual_seed(0)
    cell = PhasedLSTMSpec(leak=0.0, open_ratio=0.25).build(3, 40).double()
    state = cell.state_type(*torch.randn(3, 1, 40, dtype=torch.float64))
    kept = moved = 0
    for _ in range(50):
        before = state
        _, state = cell(torch.randn(1, 3, dtype=torch.float64), before, torch.tensor([0.7]).double())
        k = cell.openness(state.t)
        for new, old in ((state.h, before.h), (state.c, before.c)):
            assert torch.equal(new[k == 0], old[k == 0])
            assert (new[k > 1e-3] != old[k > 1e-3]).all()
        kept, moved = kept + (k == 0).sum().item(), moved + (k > 0).sum().item()
    assert 0.2 < moved / (kept + moved) < 0.3


def test_the_clock_opens_and_closes_once_in_each_period() -> None:
    """k rises to 1 in the first half of its open phase, falls in the second, and leaks after it."""
    cell = PhasedLSTMSpec(open_ratio=0.5, leak=0.01).build(1, 1).double()
    with torch.no_grad():
        cell.log_period.fill_(4.0).log_()
        cell.shift.fill_(1.0)
    times = torch.tensor([1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, -2.0], dtype=torch.float64)[:, None]
    expected = torch.tensor([0, 0.5, 1, 0.5, 0.005, 0.0075, 0, 1, 0.0025 + 0.49], dtype=torch.float64)
    expected[-1] = 1.0  # a period before 2
    torch.testing.assert_close(cell.openness(times)[:, 0].detach(), expected)
