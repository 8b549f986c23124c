"""SCRN: the context fades at its own pace, whatever the fast units do."""

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
