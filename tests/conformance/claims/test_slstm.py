"""The stabiliser changes nothing but what would overflow, and heads are cells of their own."""

import pytest
import torch

from zoo.cells import Cell, SLSTMSpec
from zoo.stack import StackSpec

WIDTH = 6


def after(cell: Cell, x: torch.Tensor) -> list[torch.Tensor]:
    """The outputs of each step, from a state of zeros."""
    state = tuple(x.new_zeros(x.shape[1], cell.hidden_size) for _ in "hcnm")
    found = []
    for row in x:
        output, state = cell(row, state)
        found.append(output)
    return found


@pytest.mark.parametrize("forget", ["sigmoid", "exp"])
def test_outputs_are_those_of_the_equations_without_a_stabiliser(forget: str) -> None:
    """Eq. 8-10: exponentials as they stand."""
    torch.manual_seed(0)
    cell = SLSTMSpec(forget=forget).build(3, WIDTH).double()
    x = torch.randn(10, 2, 3, dtype=torch.float64)
    h = c = n = torch.zeros(2, WIDTH, dtype=torch.float64)
    for row, found in zip(x, after(cell, x), strict=True):
        z, i, f, o = (cell.project(row) + h @ cell.weight_hh.T).chunk(4, dim=-1)
        f = torch.sigmoid(f) if forget == "sigmoid" else f.exp()
        c, n = f * c + i.exp() * torch.tanh(z), f * n + i.exp()
        h = torch.sigmoid(o) * c / n
        torch.testing.assert_close(found, h, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [-1e4, 1e4])
def test_gates_that_overflow_leave_outputs_and_gradients_finite(size: float) -> None:
    torch.manual_seed(0)
    cell = SLSTMSpec(forget="exp").build(3, WIDTH)
    with torch.no_grad():
        cell.bias[cell.rows("if")] = size
    outputs = torch.stack(after(cell, torch.randn(5, 2, 3)))
    outputs.sum().backward()
    assert outputs.isfinite().all()
    assert outputs.any()
    assert all(parameter.grad.isfinite().all() for parameter in cell.parameters())


def test_heads_are_cells_beside_one_another() -> None:
    torch.manual_seed(0)
    cell, x = SLSTMSpec(heads=2).build(3, WIDTH).double(), torch.randn(4, 2, 3, dtype=torch.float64)
    together, half = after(cell, x), WIDTH // 2
    for head in range(2):
        single, own = SLSTMSpec().build(3, half).double(), slice(head * half, (head + 1) * half)
        with torch.no_grad():
            for mine, whole in zip(single.parameters(), cell.parameters(), strict=True):
                mine.copy_(torch.cat([block[own] for block in whole.split(WIDTH)]))
        torch.testing.assert_close(after(single, x), [part[:, own] for part in together])


def test_heads_must_share_the_units_out() -> None:
    with pytest.raises(ValueError, match="multiple of heads 4"):
        SLSTMSpec(heads=4).build(3, WIDTH)
    assert StackSpec(cell=SLSTMSpec(heads=2), hidden_size=WIDTH).build(3).cells()[0].recurrent_size == 3
    assert SLSTMSpec(heads=4).build(3, 1).recurrent_size == 1


def test_a_first_input_gate_that_underflows_is_as_good_as_any() -> None:
    """Of what has been stored, 0 at the start, the first value is all, however small its weight."""
    torch.manual_seed(0)
    cell, x = SLSTMSpec().build(3, WIDTH), torch.randn(1, 2, 3)
    (expected,) = after(cell, x)
    with torch.no_grad():
        cell.bias[cell.rows("i")] = -1e4
    torch.testing.assert_close(after(cell, x), [expected])
