"""The input products in C: what does not fit is refused, and what asks for a gradient has one."""

import pytest
import torch

from zoo.stack import Stack, StackSpec


def stack_of() -> Stack:
    torch.manual_seed(0)
    return StackSpec(cell="lstm", hidden_size=5, engine="c").build(3)


def test_inputs_of_another_width_or_device_are_refused() -> None:
    (cell,) = (stack := stack_of()).cells()
    cell.weight_ih = torch.nn.Parameter(torch.zeros(20, 4))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        stack(torch.zeros(2, 7, 3))
    with pytest.raises((RuntimeError, ValueError), match=r"meta|device"):
        stack_of().to("meta")(torch.zeros(2, 7, 3))


def test_a_bias_of_another_type_is_refused() -> None:
    (cell,) = (stack := stack_of()).cells()
    cell.bias = torch.nn.Parameter(torch.ones(20, dtype=torch.float64))
    with pytest.raises(RuntimeError, match=r"dtype|type"):
        stack(torch.zeros(2, 7, 3))


@pytest.mark.parametrize("frozen", ["weight_ih", "bias", "weight_hh"])
def test_what_is_frozen_has_no_gradient_and_the_others_have_theirs(frozen: str) -> None:
    x, lengths, whole = torch.randn(4, 7, 3), torch.tensor([7, 0, 3, 1]), {}
    for names in ((), (frozen,)):
        (cell,) = (stack := stack_of()).cells()
        for name in names:
            getattr(cell, name).requires_grad_(False)
        stack(x, lengths=lengths)[0].square().sum().backward()
        whole[names] = {name: part.grad for name, part in cell.named_parameters()}
    assert whole[(frozen,)].pop(frozen) is None
    for name, grad in whole[(frozen,)].items():
        torch.testing.assert_close(grad, whole[()][name])
