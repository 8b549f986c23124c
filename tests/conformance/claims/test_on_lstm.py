"""The master gates rise and fall from the first unit to the last."""

import torch

from zoo.cells import Cell, ONLSTMSpec

WIDTH = 7


def cell_with(**biases: float) -> Cell:
    """A cell with these gates wide open or shut."""
    torch.manual_seed(0)
    cell = ONLSTMSpec().build(3, WIDTH).double()
    with torch.no_grad():
        for gate, bias in biases.items():
            cell.bias[cell.rows(gate)] = bias
    return cell


def test_with_the_forget_gate_open_more_is_kept_of_each_unit_than_of_those_before() -> None:
    cell, h = cell_with(f=1e3), torch.randn(1, WIDTH).double()
    x = torch.randn(1, 3).double()
    jacobian = torch.autograd.functional.jacobian(
        lambda c: cell(x, (h, c))[1].c, torch.randn(1, WIDTH).double()
    )
    kept = jacobian[0, :, 0, :]
    assert torch.equal(kept, torch.diag(kept.diag()))
    assert (kept.diag().diff() > 0).all()
    assert kept[0, 0] > 0
    assert abs(kept[-1, -1].item() - 1) < 1e-12


def test_with_the_input_gate_open_less_is_written_into_each_unit_than_into_those_before() -> None:
    cell, h = cell_with(i=1e3, g=1e3), torch.randn(1, WIDTH).double()
    _, (_, written) = cell(torch.randn(1, 3).double(), (h, torch.zeros(1, WIDTH).double()))
    assert (written.diff() < 0).all()
    assert written.max() < 1
    assert abs(written[0, -1].item()) < 1e-12
