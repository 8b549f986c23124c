"""The delayed feedback is a way of its own through time."""

import torch

from zoo.cells import TauGRUSpec

DELAY, WIDTH = 3, 5


def test_the_delayed_state_acts_without_those_between() -> None:
    torch.manual_seed(0)
    cell = TauGRUSpec(delay=DELAY).build(2, WIDTH).double()
    start = torch.randn(1, (DELAY + 1) * WIDTH).double()
    x = torch.randn(1, 2).double()
    jacobian = torch.autograd.functional.jacobian(lambda past: cell(x, (past,))[0], start)[0, :, 0, :]
    reached = [block.any().item() for block in jacobian.split(WIDTH, dim=1)]
    assert reached == [True] + [False] * (DELAY - 1) + [True]


def test_the_state_is_the_last_outputs() -> None:
    torch.manual_seed(0)
    cell = TauGRUSpec(delay=DELAY).build(2, WIDTH).double()
    state, outputs = (torch.zeros(1, (DELAY + 1) * WIDTH).double(),), []
    for _ in range(6):
        output, state = cell(torch.randn(1, 2).double(), state)
        outputs.insert(0, output)
    assert torch.equal(state[0], torch.cat(outputs[: DELAY + 1], dim=-1))
