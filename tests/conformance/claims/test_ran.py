"""The state is a sum of the inputs' linear maps."""

import pytest
import torch

from conformance.cases import HIDDEN, INPUT, assert_close
from zoo.cells import RANSpec


@pytest.mark.parametrize("output", ["tanh", "identity"])
def test_the_state_is_the_sum_of_the_contents_with_the_weights_that_the_gates_give(
    output: str,
) -> None:
    torch.manual_seed(0)
    cell = RANSpec(output=output).build(INPUT, HIDDEN).double()
    torch.nn.init.uniform_(cell.bias_hh)
    x = torch.randn(20, 2, INPUT, dtype=torch.float64)
    h, c = (torch.zeros(2, HIDDEN, dtype=torch.float64) for _ in range(2))
    contents, weights = [], []
    for x_t in x:
        content, i, f = (x_t @ cell.weight_ih.T).chunk(3, dim=-1)
        u_i, u_f = (h @ cell.weight_hh.T + cell.bias_hh).chunk(2, dim=-1)
        contents.append(content)
        weights = [weight * torch.sigmoid(f + u_f) for weight in weights] + [torch.sigmoid(i + u_i)]
        _, (h, c) = cell(x_t, (h, c))
    assert_close(c, torch.stack([a * b for a, b in zip(contents, weights, strict=True)]).sum(0), 1e-12)
    assert all(0 < weight.min() <= weight.max() < 1 for weight in weights)
