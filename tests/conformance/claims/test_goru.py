"""The matrix behind the candidate is orthogonal."""

import pytest
import torch

from zoo.cells import GORUSpec


@pytest.mark.parametrize(("width", "capacity"), [(1, 1), (2, 2), (7, 4), (8, 5)])
def test_the_matrix_is_orthogonal_whatever_its_angles_are(width: int, capacity: int) -> None:
    torch.manual_seed(0)
    u = GORUSpec(capacity=capacity).build(3, width).double().recurrent_weight("n").detach()
    torch.testing.assert_close(u @ u.T, torch.eye(width).double(), rtol=0, atol=1e-12)
    assert width < 3 or (u.abs() > 1e-6).sum(1).max() > 2
