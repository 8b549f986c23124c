"""A memory of any size moves a gate of an LSTM with working memory connections by a bounded amount."""

import torch

from zoo.cells import WMCLSTMSpec


def test_no_memory_moves_the_sum_of_a_gate_by_more_than_one() -> None:
    """So a forget gate whose sum is s by itself stays between σ(s - 1) and σ(s + 1)."""
    torch.manual_seed(0)
    cell = WMCLSTMSpec(forget_bias=3.0).build(3, 5).double()
    with torch.no_grad():
        cell.bias[cell.rows("i")] = -800.0
    c = 1000 * torch.randn(50, 5, dtype=torch.float64)
    _, (_, new) = cell(c.new_zeros(50, 3), (torch.zeros_like(c), c))
    kept = new / c
    assert kept.min() >= torch.sigmoid(torch.tensor(2.0)).item() - 1e-7
    assert kept.max() <= torch.sigmoid(torch.tensor(4.0)).item() + 1e-7
