"""The constant error carousel."""

import torch

from conformance.cases import HIDDEN, INPUT
from zoo.cells import OriginalLSTMSpec


def test_the_error_that_stays_in_a_cell_is_the_same_after_a_thousand_steps() -> None:
    """Where nothing flows back through the gates, the truncation of the paper."""
    torch.manual_seed(0)
    cell = OriginalLSTMSpec().build(INPUT, HIDDEN).double()
    with torch.no_grad():
        cell.weight_hh.zero_()
    c = torch.randn(1, HIDDEN, dtype=torch.float64, requires_grad=True)
    state = (torch.zeros_like(c), c)
    for x in torch.randn(1000, 1, INPUT, dtype=torch.float64):
        _, state = cell(x, state)
    (slope,) = torch.autograd.grad(state[1].sum(), c)
    assert torch.equal(slope, torch.ones_like(slope))


def test_what_goes_in_and_out_of_a_cell_lies_between_the_bounds_of_the_paper() -> None:
    cell = OriginalLSTMSpec().build(1, 1).double()
    with torch.no_grad():
        cell.weight_ih.copy_(torch.tensor([[90.0], [90.0], [90.0]]))
        cell.weight_hh.zero_()
    state = (torch.zeros(1, 1, dtype=torch.float64),) * 2
    for x, written in ((1.0, 2.0), (-1.0, 0.0)):  # of a negative input nothing is let in
        output, (_, c) = cell(torch.full((1, 1), x, dtype=torch.float64), state)
        assert abs(c.item() - written) < 1e-9
        assert abs(output.item()) < 1
