"""Layer normalisation forgives the scale of the weights."""

import torch

from conformance.cases import HIDDEN, INPUT, assert_close
from zoo.cells import LayerNormGRUSpec


def test_the_scale_of_all_input_or_all_recurrent_weights_changes_nothing() -> None:
    torch.manual_seed(0)
    cell = LayerNormGRUSpec().build(INPUT, HIDDEN).double()
    x = 100 * torch.randn(2, INPUT, dtype=torch.float64)
    state = (100 * torch.randn(2, HIDDEN, dtype=torch.float64),)
    output, _ = cell(x, state)
    for weight in (cell.weight_ih, cell.weight_hh):
        with torch.no_grad():
            weight.mul_(1000)
        assert_close(cell(x, state)[0], output, 1e-5)


def test_gains_start_at_one() -> None:
    cell = LayerNormGRUSpec().build(3, 4)
    for gain in (cell.gain_ih, cell.gain_hh):
        assert torch.equal(gain, torch.ones_like(gain))
