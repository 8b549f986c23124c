"""A state is made of those d, 2d, .. steps before it."""

import pytest
import torch

from zoo.cells import DilatedSpec
from zoo.stack import StackSpec

TIME = 12


@pytest.mark.parametrize("dilation", [1, 3, 4])
def test_outputs_depend_on_every_dth_step_only(dilation: int) -> None:
    torch.manual_seed(0)
    stack = StackSpec(cell=DilatedSpec(dilation=dilation), hidden_size=5).build(3).double()
    x = torch.randn(1, TIME, 3, dtype=torch.float64, requires_grad=True)
    outputs, _ = stack(x)
    (gradient,) = torch.autograd.grad(outputs[:, -1].sum(), x)
    seen = gradient[0].abs().sum(-1) > 0
    assert seen.tolist() == [(TIME - 1 - t) % dilation == 0 for t in range(TIME)]
