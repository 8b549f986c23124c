"""LSTMs that pass their cell states up."""

from typing import Any

import pytest
import torch

from zoo.cells import HighwayLSTM, LSTMSpec
from zoo.names import name_stack, parse_stack
from zoo.stack import StackSpec
from zoo.wiring import CellHighwaySpec


def test_it_is_asked_for_by_name_and_brings_its_cell_with_the_options_of_the_given_one() -> None:
    wiring = CellHighwaySpec(carry_bias=1.0)
    spec = StackSpec(cell=LSTMSpec(forget_bias=3.0), hidden_size=4, num_layers=3, wiring=wiring)
    assert name_stack(spec) == "lstm-3x4-cell_highway,cell.forget_bias=3.0,wiring.carry_bias=1.0"
    assert parse_stack(name_stack(spec)) == spec == StackSpec.of(spec.plain())
    stack = spec.build(5)
    cells = stack.cells()
    assert {type(cell) for cell in cells} == {HighwayLSTM}
    assert [cell.spec.below for cell in cells] == [False, True, True]
    assert all(cell.bias[cell.rows("f")].eq(3.0).all() for cell in cells)
    assert all(cell.bias_carry.eq(1.0).all() for cell in cells[1:])
    assert stack.output_size == 4


def test_the_cell_state_of_the_first_layer_reaches_the_last_where_gates_are_open_and_layers_do_nothing() -> (
    None
):
    torch.manual_seed(0)
    stack = StackSpec(hidden_size=4, num_layers=5, wiring=CellHighwaySpec(carry_bias=50.0)).build(3)
    with torch.no_grad():
        for cell in stack.cells()[1:]:
            cell.bias[cell.rows("if")] = -50.0
    _, final = stack(torch.randn(2, 6, 3))
    for state in final[1:]:
        torch.testing.assert_close(state.c, final[0].c)


def test_auto_takes_the_engine_that_compiles_it() -> None:
    stack = StackSpec(hidden_size=4, num_layers=2, wiring="cell_highway").build(3)
    assert {way.choice("cpu").name for layer, _ in stack.levels() for way in layer.ways()} == {"c"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cell": "gru"}, "got cell 'gru'; expected 'lstm'"),
        ({"direction": "bidirectional"}, "a bidirectional layer has two; expected direction 'forward'"),
        ({"wiring": ("plain", "cell_highway")}, "got 'plain' beside it; expected 'cell_highway' for all"),
    ],
)
def test_what_has_no_one_cell_state_to_pass_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        StackSpec(**({"num_layers": 2, "wiring": "cell_highway"} | options))
