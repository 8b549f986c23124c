"""Mogrifier LSTM: an LSTM whose input and state gate one another."""

import math

import pytest
import torch

from conformance.bridge import expected
from conformance.cases import (
    INPUT,
    LENGTHS,
    RESETS,
    assert_close,
    evaluate,
    padded,
    random_state,
    random_x,
    randomised,
)
from zoo.cells import LSTMSpec, MogrifierLSTMSpec
from zoo.stack import StackSpec


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


@pytest.mark.parametrize("engine", ["c", "eager", "reference"])
@pytest.mark.parametrize(
    "options", [{"rank": 3}, {"rank": 3, "rounds": 3}, {"rank": 6, "rounds": 1}], ids=str
)
def test_of_low_rank_it_is_what_its_oracle_says(options: dict[str, int], engine: str) -> None:
    spec = StackSpec(
        cell=MogrifierLSTMSpec(**options), hidden_size=6, direction="bidirectional", engine=engine
    )
    stack = randomised(spec.build(INPUT).double())
    state, x = random_state(stack), random_x()
    found = evaluate(stack, padded(x, LENGTHS, math.nan), state, LENGTHS, RESETS)
    assert_close(found, expected(stack, padded(x, LENGTHS, 0.0), state, LENGTHS, RESETS))


def test_its_factors_are_a_matrix_of_that_rank() -> None:
    torch.manual_seed(0)
    low, full = MogrifierLSTMSpec(rank=2).build(3, 4).double(), MogrifierLSTMSpec().build(3, 4).double()
    full.load_state_dict(
        low.state_dict() | {"weight_q": full.weight_q, "weight_r": full.weight_r}, strict=False
    )
    with torch.no_grad():
        for name, rows in [("weight_q", 3), ("weight_r", 4)]:
            lefts = low.get_parameter(name).split(rows)
            rights = low.get_parameter(f"{name}_right").split(2)
            full.get_parameter(name).copy_(torch.cat([a @ b for a, b in zip(lefts, rights, strict=True)]))
    x = torch.randn(2, 3, dtype=torch.float64)
    start = tuple(torch.randn(2, 2, 4, dtype=torch.float64))
    assert_close(tuple(low(x, start)[1]), tuple(full(x, start)[1]), 1e-14)


def test_a_rank_is_a_number_of_columns() -> None:
    with pytest.raises(ValueError, match="rank"):
        MogrifierLSTMSpec(rank=0)
