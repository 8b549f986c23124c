"""What a simple gated unit writes is never negative."""

import torch

from zoo.cells import SGUSpec


def test_a_state_that_is_not_negative_stays_so_and_is_multiplied_by_its_input() -> None:
    torch.manual_seed(0)
    cell = SGUSpec().build(3, 5).double()
    state = (torch.rand(20, 5, dtype=torch.float64),)
    for _ in range(30):
        h, state = cell(5 * torch.randn(20, 3, dtype=torch.float64), state)
        assert (h >= 0).all()


def test_its_update_gate_shuts_and_opens_altogether() -> None:
    """The hard sigmoid is 0 below -5/2 and 1 above 5/2."""
    cell = SGUSpec().build(3, 5).double()
    x, h = torch.zeros(1, 3, dtype=torch.float64), torch.randn(1, 5, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_hh.zero_()
        cell.bias[cell.rows("z")] = -2.6
    assert torch.equal(cell(x, (h,))[0], h)
    with torch.no_grad():
        cell.bias[cell.rows("z")] = 2.6
    written = torch.nn.functional.softplus(torch.zeros(1, 5, dtype=torch.float64))
    assert torch.equal(cell(x, (h,))[0], written)
