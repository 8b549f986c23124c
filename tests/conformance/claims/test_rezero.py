"""A stack that starts as the identity, however deep it is."""

import torch

from zoo.stack import StackSpec


def deep(depth: int = 8) -> tuple[torch.Tensor, torch.Tensor, torch.nn.Module]:
    torch.manual_seed(0)
    stack = StackSpec(cell="gru", hidden_size=5, num_layers=depth, wiring="rezero").build(5)
    x = torch.randn(3, 7, 5)
    outputs, _ = stack(x)
    return x, outputs, stack


def test_what_goes_in_comes_out_at_the_start_to_the_bit() -> None:
    x, outputs, _ = deep()
    assert torch.equal(outputs, x)


def test_first_only_the_weights_of_the_layers_learn_and_then_the_layers() -> None:
    x, outputs, stack = deep()
    outputs.square().sum().backward()
    for name, parameter in stack.named_parameters():
        assert bool(parameter.grad.any()) == name.endswith("alpha"), name
    with torch.no_grad():
        for wiring in stack.wirings:
            wiring.alpha -= 1e-3 * wiring.alpha.grad
    stack(x)[0].square().sum().backward()
    assert all(parameter.grad.any() for parameter in stack.parameters())
