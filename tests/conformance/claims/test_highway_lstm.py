"""A gate between the cell states of two layers."""

import pytest
import torch

from conformance.cases import assert_close
from zoo.cells import HighwayLSTMSpec, LSTMSpec


def run(carry: float) -> tuple[torch.Tensor, ...]:
    """c_t, that of an LSTM with the same weights, and the cell state of the layer below."""
    torch.manual_seed(0)
    cell, lstm = HighwayLSTMSpec(below=True).build(8, 4), LSTMSpec().build(4, 4)
    cell.load_state_dict(lstm.state_dict(), strict=False)
    torch.nn.init.constant_(cell.bias_carry, carry)
    x, below, h, c = torch.randn(4, 9, 4)
    output, _ = cell(torch.cat([x, below], dim=-1), (h, c))
    _, (_, own) = lstm(x, (h, c))
    return output[:, 4:], own, below


def test_a_gate_that_is_open_passes_the_cell_state_of_the_layer_below_on_as_it_is() -> None:
    c, own, below = run(50.0)
    assert_close(c, own + below, 1e-6)


def test_a_gate_that_is_shut_leaves_an_lstm() -> None:
    c, own, _ = run(-50.0)
    assert_close(c, own, 1e-6)


def test_where_the_gate_starts_is_an_option_and_without_a_layer_below_there_is_none() -> None:
    cell = HighwayLSTMSpec(below=True, carry_bias=2.0).build(8, 4)
    assert cell.bias_carry.tolist() == [2.0] * 4
    with pytest.raises(ValueError, match=r"carry_bias is 2\.0 with below False; expected below True"):
        HighwayLSTMSpec(carry_bias=2.0)
    with pytest.raises(ValueError, match="inputs of width 1 have no second half"):
        HighwayLSTMSpec(below=True).build(1, 4)
