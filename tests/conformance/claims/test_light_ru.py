"""The light recurrent unit has one recurrent matrix."""

import torch

from zoo.cells import LightRUSpec


def test_it_has_one_recurrent_matrix_and_a_bounded_state() -> None:
    """An average of candidates between -1 and 1, which see no state."""
    torch.manual_seed(0)
    cell = LightRUSpec().build(3, 5).double()
    assert cell.weight_hh.shape == (5, 5)
    state = (torch.zeros(20, 5, dtype=torch.float64),)
    for _ in range(20):
        h, state = cell(9 * torch.randn(20, 3, dtype=torch.float64), state)
        assert h.abs().max() <= 1
