"""Mogrifier LSTM: an LSTM whose input and state gate one another."""

import pytest
import torch

from conformance.cases import assert_close
from zoo.cells import LSTMSpec, MogrifierLSTMSpec


@pytest.mark.parametrize("rounds", [0, 1, 4])
def test_where_nothing_is_gated_it_is_an_lstm(rounds: int) -> None:
    torch.manual_seed(0)
    lstm = LSTMSpec().build(3, 4).double()
    cell = MogrifierLSTMSpec(rounds=rounds).build(3, 4).double()
    cell.load_state_dict(lstm.state_dict(), strict=False)
    with torch.no_grad():
        for weight in (cell.weight_q, cell.weight_r):
            if weight is not None:
                weight.zero_()
    x = torch.randn(2, 3, dtype=torch.float64)
    start = tuple(torch.randn(2, 2, 4, dtype=torch.float64))
    assert_close(tuple(cell(x, start)[1]), tuple(lstm(x, start)[1]), 1e-15)
