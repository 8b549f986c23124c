"""S6 is a gated recurrence in a special case."""

import pytest
import torch

from zoo.cells import S6Spec


def test_with_one_state_it_is_a_gate() -> None:
    """Theorem 1 of Gu and Dao (2023): h = (1 - g)∘h + g∘u with g = σ(W_d x + b_d), for A = -1 and B = 1."""
    torch.manual_seed(0)
    cell = S6Spec(expansion=1).build(3, 4).double()
    x, s = torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 4, dtype=torch.float64)
    x[:, 0] = 1
    with torch.no_grad():
        cell.weight_select.zero_()[0, 0] = 1
    u, d = (x @ cell.weight_ih.T + cell.bias).chunk(2, dim=-1)
    g = torch.sigmoid(d)
    _, (found,) = cell(x, cell.state_type(s))
    torch.testing.assert_close(found, (1 - g) * s + g * u)


def test_its_steps_start_between_the_bounds() -> None:
    torch.manual_seed(0)
    cell = S6Spec().build(3, 1000)
    steps = torch.nn.functional.softplus(cell.bias[cell.rows("d")])
    assert 0.00099 < steps.min() < 0.0012
    assert 0.09 < steps.max() < 0.101
    assert torch.exp(cell.log_decay).view(4, 1000)[:, 0].tolist() == pytest.approx([1, 2, 3, 4])
