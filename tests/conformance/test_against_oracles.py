"""Values and gradients of every composition equal those of oracles that nobody derived from autograd."""

import math

import pytest
from oracles import cells, joins, wirings

from conformance.bridge import expected
from conformance.cases import (
    EACH_MERGE,
    EACH_ORACLE,
    INPUT,
    LENGTHS,
    RESETS,
    VARIANTS,
    WIRING_VARIANTS,
    Case,
    assert_close,
    engines,
    evaluate,
    padded,
    random_state,
    random_x,
    randomised,
)
from zoo.cells import CELLS
from zoo.stack import StackSpec
from zoo.stack.spec import MERGES
from zoo.wiring import WIRINGS


def test_everything_registered_has_an_oracle() -> None:
    assert cells.written() == CELLS.names()
    assert wirings.written() == WIRINGS.names()
    assert set(joins.MERGES) == set(MERGES)


def assert_agrees(case: Case, learn_initial_state: bool, given_state: bool) -> None:
    """With lengths, resets and NaN in the padding of the one, 0 in that of the other."""
    stack = case.stack(learn_initial_state=learn_initial_state)
    x = random_x()
    state = random_state(stack) if given_state else None
    found = evaluate(stack, padded(x, LENGTHS, math.nan), state, LENGTHS, RESETS)
    assert_close(found, expected(stack, padded(x, LENGTHS, 0.0), state, LENGTHS, RESETS))


@EACH_ORACLE
def test_from_a_given_state(case: Case) -> None:
    assert_agrees(case, learn_initial_state=True, given_state=True)


@EACH_MERGE
def test_merged_directions_from_a_given_state(case: Case) -> None:
    assert_agrees(case, learn_initial_state=False, given_state=True)


@pytest.mark.parametrize("learned", [True, False], ids=["learned", "zero"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_from_the_stacks_own_state(variant: str, learned: bool) -> None:
    engine = engines(variant)[0 if learned else -1]  # to which the stack gives it as any other
    case = Case(variant, "bidirectional", "residual", engine)
    assert_agrees(case, learn_initial_state=learned, given_state=False)


@pytest.mark.parametrize("variant", [name for name in WIRING_VARIANTS if "=refuse" not in name])
def test_every_choice_of_a_wiring_where_widths_differ_and_where_they_agree(variant: str) -> None:
    """In a stack of three layers, of which those that know their place have a first, a middle and a last."""
    spec = StackSpec(cell="lstm", hidden_size=(4, 7, 7), num_layers=3, wiring=WIRING_VARIANTS[variant])
    stack = randomised(spec.build(INPUT).double()).eval()
    state, x = random_state(stack), padded(random_x(), LENGTHS, 0.0)
    found = evaluate(stack, x, state, LENGTHS, RESETS)
    assert_close(found, expected(stack, x, state, LENGTHS, RESETS))


def test_layers_that_differ_in_everything() -> None:
    spec = StackSpec(
        cell=("lstm", "gru", "elman"),
        hidden_size=(2, 5, 4),
        num_layers=3,
        direction=("bidirectional", "backward", "forward"),
        merge="gated",
        wiring=("dense", "highway", "residual"),
        learn_initial_state=True,
    )
    stack = randomised(spec.build(INPUT).double())
    state, x = random_state(stack), padded(random_x(), LENGTHS, 0.0)
    found = evaluate(stack, x, state, LENGTHS, RESETS)
    assert_close(found, expected(stack, x, state, LENGTHS, RESETS))
