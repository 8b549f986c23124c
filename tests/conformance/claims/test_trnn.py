"""The state of a strongly typed network is an average of what its inputs were turned into."""

import torch

from zoo.cells import TRNNSpec


def test_the_state_is_a_convex_combination_of_z_over_the_past() -> None:
    torch.manual_seed(0)
    cell = TRNNSpec().build(3, 4).double()
    x = torch.randn(12, 1, 3, dtype=torch.float64)
    z, f = (x @ cell.weight_ih.T + cell.bias).chunk(2, dim=-1)
    f = torch.sigmoid(f)
    start = torch.randn(1, 4, dtype=torch.float64)
    (h,) = state = (start,)
    for row in x:
        h, state = cell(row, state)
    weights = [f.prod(0)] + [(1 - f[t]) * f[t + 1 :].prod(0) for t in range(12)]
    torch.testing.assert_close(sum(weights), torch.ones(1, 4, dtype=torch.float64))
    values = [start, *z]
    torch.testing.assert_close(h, sum(w * v for w, v in zip(weights, values, strict=True)))
