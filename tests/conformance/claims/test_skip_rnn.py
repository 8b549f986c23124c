"""Skipped steps copy the state."""

import torch

from zoo.cells import GRUSpec, SkipRNNSpec

WIDTH, TIME = 5, 30


def test_skipped_steps_copy_the_state_and_others_are_a_grus() -> None:
    torch.manual_seed(0)
    cell, gru = SkipRNNSpec().build(3, WIDTH).double(), GRUSpec(reset="before").build(3, WIDTH).double()
    gru.load_state_dict(cell.state_dict(), strict=False)
    with torch.no_grad():
        cell.bias_update.fill_(-1.5)
    state, taken = (torch.zeros(1, WIDTH).double(), torch.zeros(1, WIDTH).double()), []
    for _ in range(TIME):
        x, (h, lack) = torch.randn(1, 3).double(), state
        output, state = cell(x, state)
        taken.append(lack[0, 0].item() < 0.5)
        expected = gru(x, (h,))[0] if taken[-1] else h
        torch.testing.assert_close(output, expected, rtol=0, atol=0 if not taken[-1] else 1e-15)
    assert taken[0]
    assert TIME / 4 < sum(taken) < TIME


def test_a_gate_that_is_sure_takes_every_step() -> None:
    torch.manual_seed(0)
    cell = SkipRNNSpec().build(3, WIDTH).double()
    with torch.no_grad():
        cell.bias_update.fill_(30.0)
    state = (torch.zeros(1, WIDTH).double(), torch.zeros(1, WIDTH).double())
    for _ in range(5):
        _, state = cell(torch.randn(1, 3).double(), state)
        assert state[1].max().item() < 1e-6


def test_the_update_gate_receives_a_gradient() -> None:
    torch.manual_seed(0)
    cell = SkipRNNSpec().build(3, WIDTH).double()
    state = (torch.zeros(1, WIDTH).double(), torch.zeros(1, WIDTH).double())
    for _ in range(3):
        output, state = cell(torch.randn(1, 3).double(), state)
    output.sum().backward()
    assert cell.update.grad.any()
    assert cell.bias_update.grad.any()
