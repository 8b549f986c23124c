"""Mass is neither made nor lost."""

import torch

from zoo.cells import MCLSTMSpec
from zoo.stack import StackSpec

TIME, BATCH, HIDDEN = 200, 3, 6


def test_what_came_in_is_held_or_was_let_out() -> None:
    torch.manual_seed(0)
    stack = StackSpec(cell="mc_lstm", hidden_size=HIDDEN).build(4).double()
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.uniform_(-2, 2)
    x = torch.randn(BATCH, TIME, 4, dtype=torch.float64)
    x[..., 0].abs_()
    held = torch.rand(BATCH, HIDDEN, dtype=torch.float64)
    outputs, ((final,),) = stack(x, ((held,),))
    came = held.sum(-1) + x[..., 0].sum(-1)
    torch.testing.assert_close(final.sum(-1) + outputs.sum((1, 2)), came, rtol=1e-12, atol=1e-12)
    assert (outputs >= 0).all()
    assert (final >= 0).all()


def test_the_output_gate_starts_nearly_shut() -> None:
    cell = MCLSTMSpec(output_bias=-20.0).build(4, HIDDEN).double()
    output, (held,) = cell(torch.ones(1, 4).double(), (torch.zeros(1, HIDDEN).double(),))
    assert output.sum() < 1e-6
    torch.testing.assert_close(held.sum().item(), 1.0, rtol=0, atol=1e-6)
