"""Residual connections from the third layer from the bottom on."""

import pytest
import torch

from conformance.cases import assert_identical, randomised
from zoo.stack import StackSpec
from zoo.wiring import GNMTSpec


def test_it_is_plain_below_the_third_layer_and_residual_from_there_on() -> None:
    """Also in an encoder as the paper has it, whose first layer reads both ways."""
    found, expected = (
        randomised(
            StackSpec(
                hidden_size=4,
                num_layers=4,
                direction=("bidirectional", *["forward"] * 3),
                wiring=wiring,
            ).build(3)
        )
        for wiring in ("gnmt", ("plain", "plain", "residual", "residual"))
    )
    x = torch.randn(2, 5, 3)
    assert_identical(found.state_dict(), expected.state_dict())
    assert_identical(found(x)[0], expected(x)[0])


def test_layers_are_counted_from_1() -> None:
    with pytest.raises(ValueError, match="first is 0; expected an integer of at least 1"):
        GNMTSpec(first=0)
