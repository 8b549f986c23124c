"""The gate leaves the flow antisymmetric near 0."""

import torch

from conformance.claims.test_antisymmetric_rnn import WIDTH, eigenvalues
from zoo.cells import GatedAntisymmetricRNNSpec


def test_the_eigenvalues_of_the_flow_are_imaginary() -> None:
    torch.manual_seed(0)
    cell = GatedAntisymmetricRNNSpec(gamma=0.0).build(3, WIDTH).double()
    found = eigenvalues(cell, cell.spec.dt, 0.1)
    assert found.real.abs().max() < 1e-12
    assert found.imag.abs().max() > 0.1
