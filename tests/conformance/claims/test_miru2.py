"""A constant part of the state of a minion recurrent unit stays."""

import torch

from zoo.cells import MiRU2Spec


def test_a_part_of_the_state_stays_whatever_the_input() -> None:
    torch.manual_seed(0)
    cell = MiRU2Spec(update=0.9).build(3, 5).double()
    x, h = 50 * torch.randn(40, 3, dtype=torch.float64), torch.randn(40, 5, dtype=torch.float64)
    new, _ = cell(x, (h,))
    assert (new - 0.9 * h).abs().max() <= 0.1 + 1e-12


def test_the_candidate_sees_a_part_of_the_state() -> None:
    torch.manual_seed(0)
    part, whole = (MiRU2Spec(update=0.0, reset=reset).build(3, 5).double() for reset in (0.25, 1.0))
    whole.load_state_dict(part.state_dict())
    x, h = torch.randn(4, 3, dtype=torch.float64), torch.randn(4, 5, dtype=torch.float64)
    torch.testing.assert_close(part(x, (h,))[0], whole(x, (0.25 * h,))[0])
