"""The time-aware LSTM discounts the short-term part of its memory alone."""

import math

import pytest
import torch

from zoo.cells import TimeLSTMSpec


@pytest.mark.parametrize(
    ("decay", "delta", "discount"),
    [("log", 9.0, 1 / math.log(math.e + 9)), ("reciprocal", 4.0, 0.25), ("reciprocal", 1.0, 1.0)],
)
def test_what_is_kept_is_the_long_term_part_and_a_share_of_the_other(
    decay: str, delta: float, discount: float
) -> None:
    torch.manual_seed(0)
    cell = TimeLSTMSpec(decay=decay).build(3, 4).double()
    with torch.no_grad():
        for gate, value in (("i", -800.0), ("f", 40.0)):  # it keeps all, and writes nothing
            cell.bias[cell.rows(gate)] = value
    h, c = torch.randn(2, 5, 4, dtype=torch.float64)
    x = torch.zeros(5, 3, dtype=torch.float64)
    _, (_, found) = cell(x, (h, c), torch.full((5,), delta, dtype=torch.float64))
    short = torch.tanh(c @ cell.recurrent_weight("s").T)
    torch.testing.assert_close(found, c - short + discount * short)
