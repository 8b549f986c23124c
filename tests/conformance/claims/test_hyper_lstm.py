"""HyperLSTM: the rows of an LSTM's weights, scaled at each step."""

import torch

from conformance.cases import assert_close
from zoo.cells import HyperLSTMSpec, LSTMSpec


def test_it_starts_as_an_lstm_with_a_tenth_of_the_weights_and_then_has_scales_of_its_own() -> None:
    torch.manual_seed(0)
    cell, lstm = HyperLSTMSpec(hyper=2, embedding=5).build(3, 4).double(), LSTMSpec().build(3, 4).double()
    with torch.no_grad():
        lstm.weight_ih.copy_(0.1 * cell.weight_ih)
        lstm.weight_hh.copy_(0.1 * cell.weight_hh)
        lstm.bias.copy_(cell.bias)
        x = torch.randn(2, 3, dtype=torch.float64)
        start = tuple(torch.randn(2, size, dtype=torch.float64) for size in cell.state_sizes)
        assert_close(cell(x, start)[0], lstm(x, start[:2])[0], 1e-7)
        cell.weight_z.normal_()
        assert (cell(x, start)[0] - lstm(x, start[:2])[0]).abs().max() > 1e-3
