"""The units of an IndyLSTM are independent of one another."""

import torch

from zoo.cells import IndyLSTMSpec


def test_the_state_of_a_unit_depends_on_no_other_units() -> None:
    torch.manual_seed(0)
    cell = IndyLSTMSpec().build(3, 5).double()
    x = torch.randn(4, 1, 3, dtype=torch.float64)
    parts = len(cell.state_sizes)
    start = torch.randn(parts, 1, 5, dtype=torch.float64, requires_grad=True)
    state = tuple(start)
    for row in x:
        h, state = cell(row, state)
    for unit in range(5):
        (gradient,) = torch.autograd.grad(h[0, unit], start, retain_graph=True)
        assert gradient[:, 0, unit].all()
        gradient[:, 0, unit] = 0
        assert not gradient.any()
