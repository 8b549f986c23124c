"""The mLSTM of xLSTM 7B: where it starts, how wide its keys are, what its caps and norms hold."""

import pytest
import torch

from zoo.cells import MLSTMSpec
from zoo.stack import StackSpec


def test_gates_start_where_the_paper_has_them() -> None:
    cell = MLSTMSpec(heads=4, input_bias=-10.0).build(3, 8)
    torch.testing.assert_close(
        cell.bias_heads, torch.tensor([-10.0, -10.0, -10.0, -10.0, 3.0, 4.0, 5.0, 6.0])
    )


def test_narrow_keys_and_gates_alone_with_biases_have_their_rows() -> None:
    cell = MLSTMSpec(heads=2, key_ratio=0.5, gate_bias_only=True, head_norm=True).build(3, 8)
    rows = {gate: (each.start, each.stop) for gate, each in cell.gate_rows("weight_ih").items()}
    assert rows == {"q": (0, 4), "k": (4, 8), "v": (8, 16), "o": (16, 24)}
    assert cell.state_sizes == (2 * 2 * (4 + 1), 2)
    assert {name for name, _ in cell.named_parameters()} == {
        *("weight_ih", "weight_heads", "bias_heads", "gain"),
    }
    assert torch.equal(cell.gain, torch.ones(8))


def test_what_is_read_is_normalised_head_by_head() -> None:
    """With open output gates each head has a mean of 0 and a variance of 1, whatever its values are."""
    torch.manual_seed(0)
    cell = MLSTMSpec(heads=2, head_norm=True).build(3, 8).double()
    with torch.no_grad():
        cell.bias[cell.rows("o")] = 40.0
        cell.weight_ih[cell.rows("v")] *= 1e3
    state = tuple(torch.zeros(5, size, dtype=torch.float64) for size in cell.state_sizes)
    h, _ = cell(torch.randn(5, 3, dtype=torch.float64), state)
    by_head = h.unflatten(-1, (2, 4))
    torch.testing.assert_close(by_head.mean(-1), torch.zeros(5, 2, dtype=torch.float64), rtol=0, atol=1e-9)
    torch.testing.assert_close(
        by_head.var(-1, correction=0), torch.ones(5, 2, dtype=torch.float64), rtol=0, atol=1e-6
    )


def test_capped_gates_neither_open_nor_shut_beyond_the_cap() -> None:
    cell = MLSTMSpec(gate_cap=15.0).build(3, 4).double()
    with torch.no_grad():
        cell.weight_heads.fill_(1e4)
    for sign in (-1.0, 1.0):
        terms = cell.terms(cell.project(torch.full((1, 3), sign, dtype=torch.float64)))
        limit = torch.tensor(15.0 * sign, dtype=torch.float64)
        assert terms.log_input.item() == pytest.approx(limit.item(), abs=1e-9)
        assert terms.log_decay.exp().item() == pytest.approx(torch.sigmoid(limit).item(), abs=1e-12)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"gate_cap": 0.0}, r"gate_cap is 0\.0; expected a positive number"),
        ({"key_ratio": -1.0}, r"key_ratio is -1\.0; expected a positive number"),
        ({"read_epsilon": -1e-6}, r"read_epsilon is -1e-06; expected 0 or a positive number"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(options: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MLSTMSpec(**options)


@pytest.mark.parametrize("switch", ["normalisation", "gate_start"])
def test_switches_of_gates_with_a_row_for_each_unit_refuse_narrow_keys(switch: str) -> None:
    with pytest.raises(ValueError, match=f"cell 'mlstm': {switch} .* expected another cell"):
        StackSpec(cell=MLSTMSpec(key_ratio=0.5), hidden_size=8, switches=switch).build(3)
