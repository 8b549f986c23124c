"""A gate that is shut leaves the identity."""

import pytest
import torch

from conformance.cases import HIDDEN, assert_close
from zoo.wiring import GatedResidualSpec, ResidualSpec


def test_with_one_number_it_starts_as_a_residual_connection_and_ends_at_the_latest_as_none() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(2, 9, HIDDEN)
    wiring = GatedResidualSpec().build(HIDDEN, HIDDEN)
    assert torch.equal(wiring(x, y), ResidualSpec().build(HIDDEN, HIDDEN)(x, y))
    torch.nn.init.constant_(wiring.k, -0.1)
    assert torch.equal(wiring(x, y), x)


def test_a_gru_starts_the_nearer_to_the_identity_the_further_it_leans_there() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(2, 9, HIDDEN)
    distances = [
        (GatedResidualSpec(gate="gru", carry_bias=bias).build(HIDDEN, HIDDEN)(x, y) - x).abs().max().item()
        for bias in (0.0, 2.0, 6.0)
    ]
    assert distances == sorted(distances, reverse=True)
    assert_close(GatedResidualSpec(gate="gru", carry_bias=30.0).build(HIDDEN, HIDDEN)(x, y), x, 1e-6)


def test_what_leans_nowhere_has_no_carry_bias() -> None:
    with pytest.raises(ValueError, match=r"carry_bias is 1\.0 with gate 'scalar'; expected gate 'gru'"):
        GatedResidualSpec(carry_bias=1.0)
