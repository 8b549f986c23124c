"""Multiplicative: each input has a recurrent matrix of its own."""

import pytest
import torch

from conformance.cases import assert_close
from zoo.cells import ElmanSpec, MultiplicativeLSTMSpec, MultiplicativeSpec


def test_the_recurrent_matrix_is_another_for_each_input() -> None:
    torch.manual_seed(0)
    cell = MultiplicativeSpec(cell=ElmanSpec(activation="identity")).build(3, 4).double()
    for x in torch.randn(2, 1, 3, dtype=torch.float64):
        u = cell.weight_hh @ torch.diag(cell.weight_factor_x @ x[0]) @ cell.weight_factor_h
        found = torch.func.jacrev(lambda h, x=x: cell(x, (h[None],))[0][0])(torch.zeros(4, dtype=x.dtype))
        assert_close(found, u, 1e-14)


def test_around_an_lstm_it_is_the_multiplicative_lstm() -> None:
    torch.manual_seed(0)
    cell, other = MultiplicativeSpec().build(3, 4).double(), MultiplicativeLSTMSpec().build(3, 4).double()
    with torch.no_grad():
        other.weight_ih.copy_(torch.cat([cell.weight_factor_x, cell.weight_ih]))
        other.weight_hh.copy_(torch.cat([cell.weight_factor_h, cell.weight_hh]))
        other.bias.copy_(torch.cat([torch.zeros(4, dtype=torch.float64), cell.bias]))
    x, start = torch.randn(2, 3, dtype=torch.float64), tuple(torch.randn(2, 2, 4, dtype=torch.float64))
    assert_close(tuple(cell(x, start)[1]), tuple(other(x, start)[1]), 1e-14)


def test_around_itself_there_are_two_factors() -> None:
    torch.manual_seed(0)
    spec = MultiplicativeSpec(cell=MultiplicativeSpec(cell=ElmanSpec(activation="identity")))
    cell = spec.build(3, 4).double()
    x = torch.randn(1, 3, dtype=torch.float64)
    inner = torch.diag(cell.inner.weight_factor_x @ x[0]) @ cell.inner.weight_factor_h
    outer = torch.diag(cell.weight_factor_x @ x[0]) @ cell.weight_factor_h
    found = torch.func.jacrev(lambda h: cell(x, (h[None],))[0][0])(torch.zeros(4, dtype=x.dtype))
    assert_close(found, cell.weight_hh @ outer @ inner, 1e-14)


def test_a_cell_without_recurrent_weights_is_refused() -> None:
    with pytest.raises(ValueError, match="around mingru, which has no recurrent gates"):
        MultiplicativeSpec(cell="mingru").build(3, 4)
