"""What layers read is normalised; what is carried past them is not, until the end."""

import pytest
import torch

from conformance.cases import HIDDEN, assert_close
from zoo.stack import Stack, StackSpec
from zoo.wiring import PreNormSpec


def stack_of(input_size: int, **options: bool) -> Stack:
    torch.manual_seed(0)
    spec = StackSpec(cell="gru", hidden_size=HIDDEN, num_layers=3, wiring=PreNormSpec(**options))
    return spec.build(input_size).double()


def test_layers_forgive_the_scale_of_what_they_read_and_pass_it_on() -> None:
    stack, x = stack_of(HIDDEN, final_norm=False), torch.randn(2, 5, HIDDEN).double()
    outputs, larger = (stack(scale * x)[0] for scale in (1e3, 1e4))
    assert_close(larger - 1e4 * x, outputs - 1e3 * x, 1e-2)


@pytest.mark.parametrize("width", [1, HIDDEN])
def test_what_comes_out_is_normalised_and_still_says_how_large_a_series_was(width: int) -> None:
    """Normalised, a series of width 1 would be its sign."""
    stack, x = stack_of(width), torch.rand(2, 5, width).double()
    outputs, _ = stack(x)
    assert_close(outputs.mean(-1), torch.zeros(2, 5).double())
    assert_close(outputs.var(-1, correction=0), torch.ones(2, 5).double(), 1e-2)
    assert (stack(2 * x)[0] - outputs).abs().max() > 1e-2
