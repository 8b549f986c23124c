"""The gates are twins."""

import torch

from zoo.cells import ATRSpec


def test_what_opens_the_gate_of_the_input_closes_that_of_the_state() -> None:
    """One unit with p = 2 and h_{t-1} = 1: h_t = 2 i + f, of which i is found with h_{t-1} = 0."""
    cell = ATRSpec(bias=True).build(1, 1).double()
    x, one = torch.ones(1, 1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_ih.fill_(2.0)
        cell.weight_hh.zero_()
    found = []
    for q in (-3.0, -1.0, 0.0, 1.0, 3.0):
        with torch.no_grad():
            cell.bias_hh.fill_(q)
        i = cell(x, (0 * one,))[0].item() / 2
        found.append((i, cell(x, (one,))[0].item() - 2 * i))
    i, f = zip(*found, strict=True)
    assert list(i) == sorted(i)
    assert list(f) == sorted(f, reverse=True)
    assert abs(i[2] - f[2]) < 1e-12
