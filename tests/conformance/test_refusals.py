"""A sequence that does not fit gets one sentence that says what came, what was expected, and of what."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from conformance.cases import BATCH, HIDDEN, INPUT, TIME, WIRING_VARIANTS, Case, random_state, random_x
from zoo.cells import CELLS, cell_spec
from zoo.registry import UnknownNameError
from zoo.stack import Stack, StackSpec, map_state
from zoo.wiring import GNMTSpec, WiringSpec


def lengths(values: list[Any], dtype: torch.dtype = torch.long) -> torch.Tensor:
    return torch.tensor(values, dtype=dtype)


CALLS: dict[str, tuple[Callable[[Stack], Any], list[str]]] = {
    "too long": (
        lambda stack: stack(random_x(), None, lengths([5, 6, 1, 1])),
        ["lengths", "from 1 to 6", "0 to T = 5"],
    ),
    "negative": (
        lambda stack: stack(random_x(), None, lengths([5, -1, 1, 1])),
        ["lengths", "from -1 to 5", "0 to T = 5"],
    ),
    "lengths of floats": (
        lambda stack: stack(random_x(), None, lengths([5, 2, 1, 1], torch.float32)),
        ["lengths", "torch.float32", "integers"],
    ),
    "lengths of booleans": (
        lambda stack: stack(random_x(), None, lengths([True, True, False, True], torch.bool)),
        ["lengths", "torch.bool", "integers"],
    ),
    "too few lengths": (lambda stack: stack(random_x(), None, lengths([5, 2])), ["lengths", "(2,)", "(4,)"]),
    "lengths of rank 2": (
        lambda stack: stack(random_x(), None, lengths([[5], [2], [1], [1]])),
        ["lengths", "(4, 1)", "(4,)"],
    ),
    "resets of integers": (
        lambda stack: stack(random_x(), None, None, torch.zeros(BATCH, TIME, dtype=torch.long)),
        ["resets", "torch.int64", "torch.bool"],
    ),
    "resets time major": (
        lambda stack: stack(random_x(), None, None, torch.zeros(TIME, BATCH, dtype=torch.bool)),
        ["resets", "(5, 4)", "(4, 5)"],
    ),
    "wrong width": (lambda stack: stack(random_x()[..., :2]), ["width 3", "(4, 5, 2)", "(B, T, 3)"]),
    "wrong rank": (lambda stack: stack(random_x()[0]), ["width 3", "(5, 3)", "(B, T, 3)"]),
    "tokens": (
        lambda stack: stack(torch.zeros(BATCH, TIME, INPUT, dtype=torch.long)),
        ["torch.int64", "torch.float64"],
    ),
    "a step of wrong width": (
        lambda stack: stack.step(random_x()[:, 0, :2], stack.initial_state(BATCH)),
        ["width 3", "(4, 2)", "(B, 3)"],
    ),
    "a step with a whole sequence": (
        lambda stack: stack.step(random_x(), stack.initial_state(BATCH)),
        ["width 3", "(4, 5, 3)", "(B, 3)"],
    ),
    "a state of another batch size": (
        lambda stack: stack(random_x(), random_state(stack, 3)),
        ["state of layer 0", "(3, 6)", "(4, 6)"],
    ),
    "a state of too few layers": (
        lambda stack: stack(random_x(), random_state(stack)[:1]),
        ["state has 1 entries", "expected 2"],
    ),
    "a state of another cell": (
        lambda stack: stack(random_x(), random_state(Case("gru").stack())),
        ["state of layer 0", "[(4, 6)]", "[(4, 6), (4, 6)]"],
    ),
    "another precision": (
        lambda stack: stack(random_x().float()),
        ["torch.float32", "torch.float64"],
    ),
    "a state of another precision": (
        lambda stack: stack(random_x(), map_state(Tensor.float, random_state(stack))),
        ["state of layer 0", "torch.float32", "torch.float64"],
    ),
    "one tensor for a state": (
        lambda stack: stack(random_x(), (random_state(stack)[0].h, random_state(stack)[1])),
        ["state of layer 0", "(4, 6)", "[(4, 6), (4, 6)]"],
    ),
    "a state of both directions for one": (
        lambda stack: stack(random_x(), random_state(Case("lstm", "bidirectional").stack())),
        ["state of layer 0", "[(4, 6), (4, 6)]"],
    ),
    "a state of one direction for both": (
        lambda stack: Case("lstm", "bidirectional").stack()(random_x(), random_state(stack)),
        ["state of layer 0", "[(4, 6), (4, 6)]"],
    ),
    "a state of one tensor and one direction for both": (
        lambda stack: Case("gru", "bidirectional").stack()(random_x(), random_state(Case("gru").stack())),
        ["state of layer 0"],
    ),
    "no state for a layer": (
        lambda stack: stack(random_x(), (None, None)),
        ["state of layer 0", "NoneType"],
    ),
    "no state for a layer of two directions": (
        lambda stack: Case("lstm", "bidirectional").stack()(random_x(), (None, None)),
        ["state of layer 0"],
    ),
    "a step from no state": (
        lambda stack: stack.step(random_x()[:, 0], None),
        ["state"],
    ),
    "a step of another precision": (
        lambda stack: stack.step(random_x()[:, 0].float(), random_state(stack)),
        ["torch.float32", "torch.float64"],
    ),
    "a step from a state of another batch size": (
        lambda stack: stack.step(random_x()[:, 0], random_state(stack, 3)),
        ["state of layer 0", "(3, 6)", "(4, 6)"],
    ),
    "a step from a state of too few layers": (
        lambda stack: stack.step(random_x()[:, 0], random_state(stack)[:1]),
        ["state has 1 entries", "expected 2"],
    ),
}


def assert_one_sentence(error: pytest.ExceptionInfo[BaseException], words: list[str]) -> None:
    text = str(error.value)
    assert "\n" not in text
    assert "expected" in text
    assert [word for word in words if word not in text] == [], text


@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_does_not_fit(call: str) -> None:
    function, words = CALLS[call]
    with pytest.raises(ValueError, match="expected") as error:
        function(Case("lstm").stack())
    assert_one_sentence(error, words)


REFUSED: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "radii of lru": ("lru", {"r_min": 0.9, "r_max": 0.8}, ["r_min is 0.9", "r_max is 0.8"]),
    "phase of lru": ("lru", {"max_phase": 7.0}, ["max_phase is 7.0"]),
    "recurrent_init of lru": ("lru", {"recurrent_init": "identity"}, ["'identity'", "lru"]),
}
for name, cell in ((name, CELLS[name]) for name in CELLS.names()):
    if cell.spec_class().build(1, 1).weight_hh is None:
        REFUSED[f"recurrent_init of {name}"] = (name, {"recurrent_init": "identity"}, ["'identity'", name])
    for option in cell.spec_class().plain():
        if option.endswith("_bias"):  # its initial value, which needs one
            options = {"bias": False, option: 2.0}
            REFUSED[f"{option} of {name}"] = (name, options, [f"{option} is 2.0", "bias False"])


@pytest.mark.parametrize("refused", REFUSED)
def test_a_cell_spec_that_makes_no_sense(refused: str) -> None:
    name, options, words = REFUSED[refused]
    with pytest.raises(ValueError, match="expected") as error:
        cell_spec({"name": name, **options})
    assert_one_sentence(error, words)


SPECS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no layers": ({"num_layers": 0}, ["num_layers is 0", "at least 1"]),
    "no width": ({"hidden_size": 0}, ["hidden_size is 0", "at least 1"]),
    "half a width": ({"hidden_size": 2.5}, ["hidden_size is 2.5", "integer"]),
    "direction": ({"direction": "bidirectionel"}, ["'bidirectionel'", "did you mean 'bidirectional'"]),
    "merge": ({"direction": "bidirectional", "merge": "concatt"}, ["'concatt'", "did you mean 'concat'"]),
    "merge with one direction": ({"merge": "sum"}, ["merge is 'sum'", "'bidirectional'"]),
    "engine": ({"engine": "natve"}, ["'natve'", "did you mean 'native'"]),
    "dropout on one layer": ({"dropout": 0.3}, ["dropout is 0.3", "num_layers 1", "between layers"]),
    "dropout of all": ({"dropout": 1.0, "num_layers": 2}, ["dropout is 1.0", "from 0"]),
    "too few widths": ({"hidden_size": (3, 4), "num_layers": 3}, ["hidden_size lists 2", "num_layers 3"]),
}


@pytest.mark.parametrize("spec", SPECS)
def test_a_spec_that_makes_no_sense(spec: str) -> None:
    options, words = SPECS[spec]
    with pytest.raises(ValueError, match="expected") as error:
        StackSpec(**options)
    assert_one_sentence(error, words)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"cell": "lstn"}, "unknown cell 'lstn'; did you mean 'lstm'"),
        ({"wiring": "resdual"}, "unknown wiring 'resdual'; did you mean 'residual'"),
        ({"cell": "zzzz"}, "unknown cell 'zzzz'; Known: "),
    ],
)
def test_an_unknown_name_gets_the_nearest_and_all_known(options: dict[str, str], sentence: str) -> None:
    with pytest.raises(UnknownNameError) as error:
        StackSpec(**options)
    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("direction", ["backward", "bidirectional", "alternating"])
def test_only_a_forward_stack_streams(direction: str) -> None:
    stack = Case("gru", direction).stack()
    with pytest.raises(ValueError, match=f"direction '{direction}' cannot stream; expected 'forward'"):
        stack.step(random_x()[:, 0], stack.initial_state(BATCH))


REFUSING = [spec for name, spec in WIRING_VARIANTS.items() if name.endswith("(unequal=refuse)")]


@pytest.mark.parametrize("wiring", REFUSING, ids=lambda spec: spec.key)
def test_unequal_widths_are_refused_by_name_where_asked_so(wiring: WiringSpec) -> None:
    """And not by a shape error from deep inside."""
    if isinstance(wiring, GNMTSpec):
        wiring = replace(wiring, first=1)
    with pytest.raises(ValueError, match="maps width 3 to 6") as error:
        StackSpec(hidden_size=HIDDEN, wiring=wiring).build(INPUT)
    assert_one_sentence(error, ["unequal='refuse'", "unequal='project'"])
    with pytest.raises(ValueError, match="maps width 3 to 2") as error:
        StackSpec(hidden_size=2, wiring=replace(wiring, unequal="pad")).build(INPUT)
    assert_one_sentence(error, ["can only widen"])
