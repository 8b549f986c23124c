"""The flow that a step follows neither grows nor decays."""

import torch

from zoo.cells import AntisymmetricRNNSpec, Cell

WIDTH = 6


def eigenvalues(cell: Cell, dt: float, scale: float) -> torch.Tensor:
    """Those of (J - I) / ε, J the Jacobian of one step."""
    x, h = (scale * torch.randn(1, size, dtype=torch.float64) for size in (3, WIDTH))
    jacobian = torch.autograd.functional.jacobian(lambda h: cell(x, (h,))[0], h)[0, :, 0, :]
    return torch.linalg.eigvals((jacobian - torch.eye(WIDTH).double()) / dt)


def test_the_eigenvalues_of_the_flow_are_imaginary() -> None:
    torch.manual_seed(0)
    cell = AntisymmetricRNNSpec(gamma=0.0).build(3, WIDTH).double()
    found = eigenvalues(cell, cell.spec.dt, 1.0)
    assert found.real.abs().max() < 1e-12
    assert found.imag.abs().max() > 0.1


def test_diffusion_shifts_them_to_the_left() -> None:
    torch.manual_seed(0)
    cell = AntisymmetricRNNSpec(gamma=0.5).build(3, WIDTH).double()
    found = eigenvalues(cell, cell.spec.dt, 1.0)
    assert found.real.max() < 0
    assert found.real.min() >= -0.5 - 1e-12
