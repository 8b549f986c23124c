"""The time between steps: of cells that read it, and of those that do not."""

import pytest
import torch

from conformance.bridge import expected
from conformance.cases import (
    BATCH,
    LENGTHS,
    RESETS,
    TIME,
    VARIANTS,
    Case,
    assert_close,
    assert_identical,
    engines,
    evaluate,
    random_deltas,
    random_state,
    random_x,
    row_of,
    tensors,
    weighted_gradients,
)

CONTINUOUS = [name for name, spec in VARIANTS.items() if spec.cell_class.reads_deltas]
CASES = [
    Case(variant, direction, engine=engine)
    for variant in CONTINUOUS
    for engine in engines(variant)
    for direction in ("forward", "bidirectional")
]
EACH = pytest.mark.parametrize("case", CASES, ids=str)
EACH_FORWARD = pytest.mark.parametrize(
    "case", [case for case in CASES if case.direction == "forward"], ids=str
)


@EACH
def test_no_deltas_are_deltas_of_one(case: Case) -> None:
    stack, x = case.stack(), random_x()
    state = random_state(stack)
    ones = torch.ones(BATCH, TIME, dtype=torch.float64)
    assert_identical(stack(x, state, LENGTHS, RESETS), stack(x, state, LENGTHS, RESETS, ones))


@EACH
def test_deltas_in_every_direction_agree_with_the_oracle(case: Case) -> None:
    """In value and gradient, the gradient of the deltas included."""
    stack, x, deltas = case.stack(learn_initial_state=True), random_x(), random_deltas()
    state = random_state(stack)
    found = evaluate(stack, x, state, LENGTHS, RESETS, deltas)
    assert_close(found, expected(stack, x, state, LENGTHS, RESETS, deltas))
    reached = found.gradients["deltas"] != 0
    assert reached[0, 1:].all()
    assert not reached[torch.arange(TIME) >= LENGTHS[:, None]].any()


@EACH
def test_deltas_in_the_padding_change_nothing(case: Case) -> None:
    stack, x, deltas = case.stack(), random_x(), random_deltas()
    filled = torch.where(torch.arange(TIME) < LENGTHS[:, None], deltas, torch.nan)
    assert_identical(
        evaluate(stack, x, None, LENGTHS, None, filled), evaluate(stack, x, None, LENGTHS, None, deltas)
    )


@EACH
def test_each_sequence_is_what_it_is_on_its_own(case: Case) -> None:
    stack, x, deltas = case.stack(), random_x(), random_deltas()
    state = random_state(stack)
    outputs, final = stack(x, state, LENGTHS, None, deltas)
    for b, length in enumerate(LENGTHS.tolist()):
        alone, own_final = stack(x[b : b + 1, :length], row_of(state, b), deltas=deltas[b : b + 1, :length])
        assert_close(outputs[b : b + 1, :length], alone)
        assert_close(tensors(row_of(final, b)), tensors(own_final))


@EACH_FORWARD
def test_split_time_and_streams_equal_the_whole(case: Case) -> None:
    stack, x, deltas = case.stack(), random_x(), random_deltas().requires_grad_()
    state = random_state(stack)
    whole, last = stack(x, state, deltas=deltas)
    wanted = weighted_gradients([whole, *tensors(last)], [deltas])
    for k in (0, 2, TIME):
        first, between = stack(x[:, :k], state, deltas=deltas[:, :k])
        second, end = stack(x[:, k:], between, deltas=deltas[:, k:])
        assert_close(torch.cat([first, second], dim=1), whole)
        assert_close(tensors(end), tensors(last))
    steps, streamed = [], state
    for t in range(TIME):
        output, streamed = stack.step(x[:, t], streamed, deltas[:, t])
        steps.append(output)
    outputs = torch.stack(steps, dim=1)
    assert_close(outputs, whole)
    assert_close(tensors(streamed), tensors(last))
    assert_close(weighted_gradients([outputs, *tensors(streamed)], [deltas]), wanted)


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name not in CONTINUOUS])
def test_a_cell_that_reads_none_refuses_them(variant: str) -> None:
    stack = Case(variant).stack()
    with pytest.raises(ValueError, match="no cell here reads them"):
        stack(random_x(), deltas=random_deltas())
    with pytest.raises(ValueError, match="no cell here reads them"):
        stack.step(random_x()[:, 0], stack.initial_state(BATCH), random_deltas()[:, 0])
