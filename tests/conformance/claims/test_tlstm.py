"""Gates of a strongly typed cell see inputs only: its state meets itself by way of the forget gate."""

import torch

from zoo.cells import TLSTMSpec


def test_the_slope_of_the_state_in_the_one_before_is_the_forget_gate() -> None:
    """So it never grows, and no product of matrices makes it vanish or explode."""
    torch.manual_seed(0)
    cell = TLSTMSpec().build(3, 4).double()
    x, before = torch.randn(1, 3, dtype=torch.float64), torch.randn(1, 12, dtype=torch.float64)

    def after(part: torch.Tensor) -> torch.Tensor:
        return cell(x, cell.state_type(before, part))[1][1]

    slope = torch.autograd.functional.jacobian(after, torch.randn(1, 4, dtype=torch.float64))
    f = torch.sigmoid((x @ cell.weight_ih.T + cell.bias + before)[:, cell.rows("f")])
    torch.testing.assert_close(slope[0, :, 0], torch.diag(f[0]))


def test_its_gates_see_the_input_before() -> None:
    torch.manual_seed(0)
    cell = TLSTMSpec().build(3, 4).double()
    x = torch.randn(2, 1, 3, dtype=torch.float64)
    _, state = cell(x[0], cell.state_type(x.new_zeros(1, 12), x.new_zeros(1, 4)))
    torch.testing.assert_close(state.p, x[0] @ cell.weight_before.T)
