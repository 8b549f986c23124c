"""What wirings are for: the gradient passes through a deep stack, where in a plain one it vanishes."""

import pytest
import torch

from zoo.stack import StackSpec
from zoo.wiring import WIRINGS, HighwaySpec, WiringSpec

DEPTH, WIDTH = 24, 16
CARRYING: dict[str, WiringSpec] = {"highway": HighwaySpec(carry_bias=6.0)}
"""Wirings of which so many layers want options; recipes/results/gradient_by_depth.csv has the others."""


def ratio(wiring: str | WiringSpec) -> float:
    """The norm of the gradient at the first layer over that at the last, at the start."""
    torch.manual_seed(0)
    stack = StackSpec(hidden_size=WIDTH, num_layers=DEPTH, wiring=wiring).build(WIDTH)
    passed: list[torch.Tensor] = []
    for around in (stack.wirings[0], stack.wirings[-1]):
        around.register_forward_hook(lambda module, arguments, z: passed.append(z))
    outputs, _ = stack(torch.randn(4, 8, WIDTH))
    first, last = torch.autograd.grad((outputs[:, -1] * torch.randn(4, stack.output_size)).sum(), passed)
    return (first.norm() / last.norm()).item()


def test_it_vanishes_in_a_plain_stack() -> None:
    assert ratio("plain") < 1e-6


@pytest.mark.parametrize("name", [name for name in WIRINGS.names() if name != "plain"])
def test_it_neither_vanishes_nor_explodes_where_there_is_a_way_past_the_layers(name: str) -> None:
    assert 0.1 < ratio(CARRYING.get(name, name)) < 10
