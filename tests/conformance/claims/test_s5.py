"""S5 starts as the HiPPO-N system, written in its eigenbasis."""

import torch

from zoo.cells import S5Spec


def test_it_starts_at_the_eigenvalues_of_hippo_n() -> None:
    """A = -sqrt((n+1/2)(k+1/2)) below the diagonal, -1/2 on it, and the opposite above."""
    width = 6
    cell = S5Spec().build(3, width)
    n = torch.arange(2 * width, dtype=torch.float64)[:, None]
    k = n.T
    root = torch.sqrt((n + 0.5) * (k + 0.5))
    hippo = torch.where(n > k, -root, torch.where(n < k, root, -0.5))
    found = torch.linalg.eigvals(hippo)
    torch.testing.assert_close(found.real, torch.full((2 * width,), -0.5, dtype=torch.float64))
    positive = found.imag[found.imag > 0].sort().values.float()
    torch.testing.assert_close(cell.frequency.detach(), positive)
    torch.testing.assert_close(-torch.exp(cell.log_decay), torch.full((width,), -0.5))


def test_b_and_c_start_in_the_same_basis() -> None:
    """C B is real for the whole system, so that twice the real part of half of it has the right size."""
    torch.manual_seed(0)
    cell = S5Spec().build(4, 200)
    b = torch.complex(*cell.weight_ih[cell.rows("ri")].chunk(2))
    c = torch.complex(*cell.weight_hh.chunk(2))
    assert abs(b.abs().square().mean().item() * 4 - 1) < 0.2
    assert abs(c.abs().square().mean().item() * 400 - 1) < 0.2
