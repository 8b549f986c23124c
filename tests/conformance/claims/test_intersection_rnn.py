"""How the gates start, and what their two ways are."""

import pytest
import torch

from conformance.cases import assert_close
from zoo.cells import IntersectionRNNSpec


@pytest.mark.parametrize("bias", [1.0, -2.5])
def test_both_gates_start_as_far_open_as_is_asked(bias: float) -> None:
    cell = IntersectionRNNSpec(gate_bias=bias).build(3, 4)
    assert cell.bias[cell.rows("dg")].tolist() == [bias] * 8
    assert not cell.bias[cell.rows("yn")].any()
    with pytest.raises(ValueError, match="gate_bias"):
        IntersectionRNNSpec(bias=False, gate_bias=-2.5)


def test_open_gates_pass_the_input_on_in_depth_and_the_state_in_time() -> None:
    cell = IntersectionRNNSpec(gate_bias=1e3).build(4, 4)
    x, h = torch.randn(2, 4), torch.randn(2, 4)
    output, state = cell(x, (h,))
    assert cell.weight_skip is None
    assert_close([output, state.h], [x, h], 0.0)
