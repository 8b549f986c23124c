"""What goes from layer to layer is normalised."""

import torch

from conformance.cases import HIDDEN, assert_close
from zoo.stack import StackSpec


def test_sums_do_not_grow_with_depth() -> None:
    torch.manual_seed(0)
    stack = StackSpec(cell="gru", hidden_size=HIDDEN, num_layers=9, wiring="post_norm").build(HIDDEN).double()
    passed: list[torch.Tensor] = []
    for wiring in stack.wirings:
        wiring.register_forward_hook(lambda module, arguments, z: passed.append(z))
    stack(torch.randn(2, 5, HIDDEN).double())
    for z in passed:
        assert_close(z.mean(-1), torch.zeros(5, 2).double())
        assert_close(z.var(-1, correction=0), torch.ones(5, 2).double(), 1e-3)
