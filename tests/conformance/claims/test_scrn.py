"""SCRN: the context fades at its own pace, whatever the fast units do."""

import pytest
import torch

from conformance.cases import assert_close
from zoo.cells import SCRNSpec


def test_a_context_keeps_the_same_share_of_itself_at_each_step() -> None:
    torch.manual_seed(0)
    cell = SCRNSpec(context=3, alpha=0.9).build(2, 4).double()
    start = tuple(torch.randn(5, size, dtype=torch.float64) for size in cell.state_sizes)
    state = cell.state_type(*start)
    for _ in range(20):
        _, state = cell(torch.zeros(5, 2, dtype=torch.float64), state)
    assert_close(state.s, 0.9**20 * start[1], 1e-14)


def test_an_adaptive_context_starts_with_the_share_that_is_given_and_learns_its_own() -> None:
    cell = SCRNSpec(context=3, alpha=0.9, adaptive=True).build(2, 4).double()
    fixed = SCRNSpec(context=3, alpha=0.9).build(2, 4).double()
    fixed.load_state_dict({key: part for key, part in cell.state_dict().items() if key != "decay"})
    x = torch.randn(5, 2, dtype=torch.float64)
    start = tuple(torch.randn(5, size, dtype=torch.float64) for size in cell.state_sizes)
    output, _ = cell(x, start)
    assert_close(output, fixed(x, start)[0], 1e-7)  # β starts in single precision
    (slope,) = torch.autograd.grad(output.sum(), [cell.decay])
    assert slope.all()


def test_an_adaptive_share_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="alpha is 0 with adaptive True"):
        SCRNSpec(alpha=0.0, adaptive=True)
