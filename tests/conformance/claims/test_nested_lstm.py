"""The memory inside a nested LSTM goes on by itself."""

import torch

from zoo.cells import LSTMSpec, NestedLSTMSpec


def test_its_memory_is_what_an_lstm_makes_of_the_gated_candidate() -> None:
    torch.manual_seed(0)
    cell, inner = NestedLSTMSpec().build(3, 4).double(), LSTMSpec().build(4, 4).double()
    inner.load_state_dict({"weight_ih": cell.inner_ih, "weight_hh": cell.inner_hh, "bias": cell.inner_bias})
    x, (h, c, d) = torch.randn(2, 3, dtype=torch.float64), torch.randn(3, 2, 4, dtype=torch.float64)
    _, (_, new_c, new_d) = cell(x, (h, c, d))
    sums = x @ cell.weight_ih.T + h @ cell.weight_hh.T + cell.bias
    i, f, g, _ = sums.chunk(4, dim=-1)
    _, (expected_c, expected_d) = inner(torch.sigmoid(i) * g, (torch.sigmoid(f) * c, d))
    torch.testing.assert_close((new_c, new_d), (expected_c, expected_d))


def test_the_inner_memory_outlasts_the_outer_one() -> None:
    """With the inner output shut, the outer memory is gone at once, and the inner one is kept to the bit."""
    torch.manual_seed(0)
    cell = NestedLSTMSpec().build(3, 4).double()
    with torch.no_grad():
        for parameter in (cell.inner_ih, cell.inner_hh):
            parameter.zero_()
        for gate, value in (("i", -800.0), ("f", 800.0), ("o", -800.0)):
            cell.inner_bias[cell.rows(gate)] = value
    h, c, d = torch.randn(3, 2, 4, dtype=torch.float64)
    _, (_, new_c, new_d) = cell(torch.randn(2, 3, dtype=torch.float64), (h, c, d))
    assert not new_c.any()
    assert torch.equal(new_d, d)
