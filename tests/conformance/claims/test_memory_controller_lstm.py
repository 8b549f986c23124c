"""The output of a memory-controller LSTM is no part of its state."""

import torch

from zoo.cells import MemoryControllerLSTMSpec


def test_the_output_gate_acts_on_no_later_step() -> None:
    torch.manual_seed(0)
    cell, other = (MemoryControllerLSTMSpec().build(3, 5).double() for _ in range(2))
    other.load_state_dict(cell.state_dict())
    with torch.no_grad():
        for part in (other.weight_ih, other.weight_hh, other.bias):
            part[other.rows("o")] += 1
    state = same = cell.state_type(*torch.randn(2, 4, 5, dtype=torch.float64))
    for x in torch.randn(6, 4, 3, dtype=torch.float64):
        (h, state), (h_other, same) = cell(x, state), other(x, same)
        assert (h != h_other).all()
        assert all(torch.equal(a, b) for a, b in zip(state, same, strict=True))
