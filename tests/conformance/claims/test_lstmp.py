"""LSTMP: a small output in front of a large cell state; without peepholes it is torch's."""

import pytest
import torch
from torch import nn

from conformance.cases import assert_close
from zoo.cells import LSTMPSpec
from zoo.stack import StackSpec


def test_without_peepholes_it_is_torchs_lstm_with_a_projection() -> None:
    torch.manual_seed(0)
    theirs = nn.LSTM(3, 6, proj_size=2, batch_first=True).double()
    spec = StackSpec(cell=LSTMPSpec(projection=2, peephole=False), hidden_size=6, num_layers=1)
    ours = spec.build(3).double()
    (cell,) = ours.cells()
    with torch.no_grad():
        cell.weight_ih.copy_(theirs.weight_ih_l0)
        cell.weight_hh.copy_(theirs.weight_hh_l0)
        cell.weight_projection.copy_(theirs.weight_hr_l0)
        cell.bias.copy_(theirs.bias_ih_l0 + theirs.bias_hh_l0)
    x = torch.randn(2, 7, 3, dtype=torch.float64)
    assert_close(ours(x)[0], theirs(x)[0], 1e-12)


def test_weights_grow_with_the_projection() -> None:
    def count(units: int) -> int:
        cell = LSTMPSpec(projection=5, bias=False, peephole=False).build(3, units)
        return sum(part.numel() for part in cell.parameters())

    assert count(200) == 2 * count(100) == 200 * (4 * 3 + 4 * 5 + 5)


@pytest.mark.parametrize("options", [{"projection": 0}, {"projection": 2, "recurrent_init": "identity"}])
def test_what_makes_no_sense_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        LSTMPSpec(**options)
