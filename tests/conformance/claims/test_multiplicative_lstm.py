"""Each input has a recurrent matrix of its own."""

import torch

from conformance.cases import HIDDEN, INPUT, assert_close
from zoo.cells import MultiplicativeLSTMSpec


def test_the_recurrent_matrix_is_that_of_the_input() -> None:
    """Found as the slope of the candidate at h = 0 and c = 0, where i and o are 1."""
    torch.manual_seed(0)
    cell = MultiplicativeLSTMSpec().build(INPUT, HIDDEN).double()
    U_g = cell.recurrent_weight("g").detach().clone()
    with torch.no_grad():
        cell.weight_ih[cell.rows("ifgo")] = 0
        for gate in "io":
            cell.bias[cell.rows(gate)] = 100
    zeros = torch.zeros(1, HIDDEN, dtype=torch.float64)
    for x in torch.randn(3, 1, INPUT, dtype=torch.float64):
        slope = torch.autograd.functional.jacobian(lambda h, x=x: cell(x, (h, zeros))[0], zeros).squeeze()
        factor = torch.diag((x @ cell.weight_ih[cell.rows("m")].T).squeeze())
        assert_close(slope, U_g @ factor @ cell.recurrent_weight("m"), 1e-12)
