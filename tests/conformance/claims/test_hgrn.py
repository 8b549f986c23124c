"""The lower bound of an HGRN's forget gate."""

import torch

from zoo.cells import HGRNSpec


def test_no_input_makes_it_forget_faster_than_its_bound() -> None:
    """The part of the state that stays is at least γ, and turns by θ."""
    torch.manual_seed(0)
    cell = HGRNSpec(lower_bound=0.7).build(3, 5).double()
    x = 100 * torch.randn(50, 3, dtype=torch.float64)
    zero, one = x.new_zeros(50, 5), x.new_ones(50, 5)
    (_, with_state), (_, without) = cell(x, cell.state_type(one, zero)), cell(x, cell.state_type(zero, zero))
    kept = torch.complex(*(a - b for a, b in zip(with_state, without, strict=True)))
    assert kept.abs().min() >= 0.7 - 1e-12
    assert kept.abs().max() <= 1 + 1e-12
    torch.testing.assert_close(torch.polar(kept.abs(), cell.theta.expand(50, 5)), kept)
