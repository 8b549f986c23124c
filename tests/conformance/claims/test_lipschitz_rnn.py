"""How much a step can stretch, and when it shrinks."""

import torch
from torch import Tensor

from zoo.cells import Cell, LipschitzRNNSpec

WIDTH = 6


def parts(cell: Cell) -> tuple[Tensor, Tensor]:
    """A and W."""
    return cell.recurrent_weight("a").detach(), cell.recurrent_weight("w").detach()


def constant(cell: Cell, dt: float) -> Tensor:
    """|I + εA| + ε|W|."""
    a, w = parts(cell)
    return torch.linalg.matrix_norm(torch.eye(WIDTH).double() + dt * a, 2) + dt * torch.linalg.matrix_norm(
        w, 2
    )


def stretched(cell: Cell) -> Tensor:
    """How far apart one step leaves pairs of states, relative to how far apart they were."""
    generator = torch.Generator().manual_seed(1)
    x, one, two = (torch.randn(500, size, generator=generator).double() for size in (3, WIDTH, WIDTH))
    apart = cell(x, (one,))[0] - cell(x, (two,))[0]
    return (apart.norm(dim=-1) / (one - two).norm(dim=-1)).detach()


def test_a_step_stretches_no_more_than_its_constant() -> None:
    torch.manual_seed(0)
    for spec in (LipschitzRNNSpec(dt=0.5), LipschitzRNNSpec(dt=0.1, beta_a=0.5, beta_w=1.0)):
        cell = spec.build(3, WIDTH).double()
        with torch.no_grad():
            cell.weight_hh.mul_(5)
        assert (stretched(cell) <= constant(cell, spec.dt)).all()


def test_a_step_shrinks_where_the_symmetric_part_of_a_outweighs_w() -> None:
    """Theorem 1: σ_min(A_sym) > σ_max(W), with A_sym negative."""
    torch.manual_seed(0)
    spec = LipschitzRNNSpec(dt=0.02, gamma_a=3.0)
    cell = spec.build(3, WIDTH).double()
    a, w = parts(cell)
    assert torch.linalg.eigvalsh((a + a.T) / 2).max() < -torch.linalg.matrix_norm(w, 2)
    assert constant(cell, spec.dt) < 1
    assert stretched(cell).max() < 1


def test_beta_sets_where_the_eigenvalues_of_a_lie() -> None:
    torch.manual_seed(0)
    skew = LipschitzRNNSpec(beta_a=1.0, gamma_a=0.25).build(3, WIDTH).double()
    torch.testing.assert_close(
        torch.linalg.eigvals(parts(skew)[0]).real, torch.full((WIDTH,), -0.25).double(), rtol=0, atol=1e-12
    )
