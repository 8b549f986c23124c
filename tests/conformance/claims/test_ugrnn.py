"""How the gate starts."""

import pytest

from zoo.cells import UGRNNSpec


@pytest.mark.parametrize("bias", [1.0, -2.5])
def test_the_gate_starts_as_far_open_as_is_asked(bias: float) -> None:
    cell = UGRNNSpec(gate_bias=bias).build(3, 4)
    assert cell.bias[cell.rows("g")].tolist() == [bias] * 4
    assert not cell.bias[cell.rows("c")].any()
    with pytest.raises(ValueError, match="gate_bias"):
        UGRNNSpec(bias=False, gate_bias=-2.5)
