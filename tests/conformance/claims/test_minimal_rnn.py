"""The state stays among the encoded inputs."""

import torch

from conformance.cases import HIDDEN, INPUT
from zoo.cells import MinimalRNNSpec


def test_each_unit_stays_between_the_least_and_the_greatest_of_its_encoded_inputs() -> None:
    torch.manual_seed(0)
    cell = MinimalRNNSpec().build(INPUT, HIDDEN).double()
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.uniform_(-2, 2)
    x = torch.randn(300, 4, INPUT, dtype=torch.float64)
    h = torch.tanh(x[0] @ cell.weight_ih.T + cell.bias)
    least = greatest = h
    for x_t in x:
        z = torch.tanh(x_t @ cell.weight_ih.T + cell.bias)
        least, greatest = torch.minimum(least, z), torch.maximum(greatest, z)
        _, (h,) = cell(x_t, (h,))
        assert (least - h).max() < 1e-12
        assert (h - greatest).max() < 1e-12
