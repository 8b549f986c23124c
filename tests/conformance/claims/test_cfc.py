"""The gate of a closed-form network moves with time alone."""

import torch

from zoo.cells import CfCSpec


def test_time_moves_it_from_the_mean_of_both_candidates_to_one_of_them() -> None:
    """σ(-f Δ) is 1/2 at once and 0 in the end, where f is positive."""
    torch.manual_seed(0)
    cell = CfCSpec().build(3, 4).double()
    x, (h,) = torch.randn(2, 3, dtype=torch.float64), torch.randn(1, 2, 4, dtype=torch.float64)
    with torch.no_grad():
        cell.bias[cell.rows("f")] = 9
    found = [cell(x, (h,), torch.full((2,), time, dtype=torch.float64))[0] for time in (0.0, 0.1, 1.0, 1e4)]
    _, g, k = (x @ cell.weight_ih.T + h @ cell.weight_hh.T + cell.bias).chunk(3, dim=-1)
    torch.testing.assert_close(found[0], (torch.tanh(g) + torch.tanh(k)) / 2)
    torch.testing.assert_close(found[-1], torch.tanh(k))
    distances = torch.stack([(part - torch.tanh(k)).abs() for part in found])
    assert (distances.diff(dim=0) <= 0).all()
