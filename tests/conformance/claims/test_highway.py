"""A carry gate that starts open carries."""

import math

import torch

from conformance.cases import HIDDEN
from zoo.wiring import HighwaySpec


def test_the_further_the_gate_leans_to_carrying_the_nearer_it_starts_to_the_identity() -> None:
    """t = σ(w - b) <= e^(w - b), where |w| is what the gate's weights make of x."""
    torch.manual_seed(0)
    x, y = torch.randn(2, 9, HIDDEN, dtype=torch.float64)
    for carry_bias in (2.0, 10.0, 30.0):
        wiring = HighwaySpec(carry_bias=carry_bias).build(HIDDEN, HIDDEN).double()
        w = (x @ wiring.gate.weight.T).abs().max().item()
        assert ((wiring(x, y) - x).abs() <= math.exp(w - carry_bias) * (y - x).abs()).all()
