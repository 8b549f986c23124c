"""A stream of one width, to which layers and perceptrons add."""

import pytest
import torch

from conformance.cases import HIDDEN, assert_identical, randomised
from zoo.stack import StackSpec
from zoo.wiring import BlockSpec, PreNormSpec


def test_the_stream_is_as_wide_as_the_first_layer_whatever_the_others_are() -> None:
    stack = StackSpec(cell="gru", hidden_size=(4, 7, 2), num_layers=3, wiring="block").build(3)
    assert [wiring.output_size for wiring in stack.wirings] == [4, 4, 4]
    assert [wiring.out is None for wiring in stack.wirings] == [True, False, False]
    assert [cell.input_size for cell in stack.cells()] == [3, 4, 4]
    assert stack.output_size == 4


def test_layers_that_add_nothing_leave_the_identity() -> None:
    spec = StackSpec(
        cell="gru", hidden_size=HIDDEN, num_layers=3, wiring=BlockSpec(project=True, final_norm=False)
    )
    stack, x = randomised(spec.build(HIDDEN)), torch.randn(2, 5, HIDDEN)
    with torch.no_grad():
        for wiring in stack.wirings:
            wiring.out.weight.zero_()
            wiring.mlp.down.weight.zero_()
    assert torch.equal(stack(x)[0], x)


@pytest.mark.parametrize("norm", ["layer", "rms"])
def test_without_a_perceptron_it_is_a_residual_connection_with_pre_normalisation(norm: str) -> None:
    found, expected = (
        randomised(StackSpec(hidden_size=HIDDEN, num_layers=3, wiring=wiring).build(3))
        for wiring in (BlockSpec(expansion=0, norm=norm), PreNormSpec(norm=norm))
    )
    x = torch.randn(2, 5, 3)
    assert_identical(found.state_dict(), expected.state_dict())
    assert_identical(found(x)[0], expected(x)[0])


def test_a_series_of_width_1_says_how_large_it_is() -> None:
    torch.manual_seed(0)
    stack, x = StackSpec(hidden_size=HIDDEN, num_layers=2, wiring="block").build(1), torch.rand(2, 5, 1)
    assert (stack(2 * x)[0] - stack(x)[0]).abs().max() > 1e-2


def test_a_perceptron_cannot_be_narrower_than_nothing() -> None:
    with pytest.raises(ValueError, match=r"expansion is -1\.0; expected a positive number"):
        BlockSpec(expansion=-1.0)
