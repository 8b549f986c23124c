"""Memory and gradient stay as they are where no head acts; where one does, it acts along a direction."""

import pytest
import torch

from zoo.cells import Cell, NRUSpec

WIDTH, MEMORY = 5, 8


def cell_and_state() -> tuple[Cell, torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    cell = NRUSpec(memory=MEMORY, heads=2).build(3, WIDTH).double()
    return cell, *(torch.randn(1, size, dtype=torch.float64) for size in (3, WIDTH, MEMORY))


def test_a_memory_that_no_head_acts_on_is_kept_with_its_gradient() -> None:
    cell, x, h, m = cell_and_state()
    with torch.no_grad():
        cell.weight_strength.zero_()
    _, (_, after) = cell(x, (h, m))
    assert torch.equal(after, m)
    jacobian = torch.autograd.functional.jacobian(lambda m: cell(x, (h, m))[1].m, m)
    torch.testing.assert_close(jacobian[0, :, 0, :], torch.eye(MEMORY).double(), rtol=0, atol=1e-14)


def test_a_head_moves_the_memory_by_its_strength_in_the_norm_of_5() -> None:
    cell, x, h, m = cell_and_state()
    with torch.no_grad():
        cell.weight_strength.zero_()
        cell.bias_strength.copy_(torch.tensor([3.0, 0.0, 0.0, 0.0]))
    _, (_, after) = cell(x, (h, m))
    assert (after - m).norm(p=5).item() == pytest.approx(3 / 2, abs=1e-12)  # of two heads on average


def test_memory_and_heads_must_make_a_square() -> None:
    with pytest.raises(ValueError, match="no square"):
        NRUSpec(memory=6, heads=4)
