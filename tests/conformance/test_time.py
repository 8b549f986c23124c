"""Split time equals whole, no output sees the future, a stream equals the whole, resets start anew."""

import torch

from conformance.bridge import said
from conformance.cases import (
    BATCH,
    EACH_CAUSAL,
    EACH_ENGINE,
    EACH_RELATION,
    LENGTHS,
    RESETS,
    TIME,
    VARIANTS,
    Case,
    assert_close,
    evaluate,
    random_state,
    random_x,
    row_of,
    tensors,
    weighted_gradients,
)


@EACH_CAUSAL
def test_split_time_equals_whole(case: Case) -> None:
    stack, x = case.stack(learn_initial_state=True), random_x().requires_grad_()
    state = random_state(stack)
    sources = [x, *(part.requires_grad_() for part in tensors(state)), *stack.parameters()]
    whole, last = stack(x, state, LENGTHS, RESETS)
    expected = weighted_gradients([whole, *tensors(last)], sources)
    for k in (0, 2, 3, TIME):
        first, between = stack(x[:, :k], state, LENGTHS.clamp(max=k), RESETS[:, :k])
        second, end = stack(x[:, k:], between, (LENGTHS - k).clamp(min=0), RESETS[:, k:])
        outputs = torch.cat([first, second], dim=1)
        assert_close(outputs, whole)
        assert_close(tensors(end), tensors(last))
        assert_close(weighted_gradients([outputs, *tensors(end)], sources), expected)


def stride(case: Case) -> int:
    """Steps between those that the case's cell sees of the past, as its oracle says; 1 in most cells."""
    spec = VARIANTS[case.variant]
    return int(said(spec, "stride", lambda spec: 1)(spec))


def dependence(case: Case) -> torch.Tensor:
    """(T, T): whether the output of step t, of a sequence with no padding, depends on x at step s."""
    stack, x = case.stack(), random_x().requires_grad_()
    outputs, _ = stack(x, random_state(stack))
    rows = []
    for t in range(TIME):
        (gradient,) = torch.autograd.grad(outputs[:, t].square().sum(), x, retain_graph=True)
        rows.append(gradient.abs().sum(dim=(0, 2)) > 0)
    return torch.stack(rows)


@EACH_RELATION
def test_outputs_depend_on_what_their_direction_has_read_and_on_nothing_else(case: Case) -> None:
    past = torch.ones(TIME, TIME, dtype=torch.bool).tril()
    apart = torch.arange(TIME)[:, None] - torch.arange(TIME)
    seen = apart % stride(case) == 0
    expected = {
        "forward": past,
        "backward": past.T,
        "bidirectional": past | past.T,
        "alternating": past | past.T,
    }
    found, wanted = dependence(case), expected[case.direction] & seen
    assert not (found & ~wanted).any()
    assert torch.equal(found, wanted) or said(VARIANTS[case.variant], "SKIPS", False)


@EACH_CAUSAL
def test_a_stream_equals_the_whole_sequence(case: Case) -> None:
    stack, x = case.stack(), random_x().requires_grad_()
    state = random_state(stack)
    sources = [x, *(part.requires_grad_() for part in tensors(state)), *stack.parameters()]
    whole, last = stack(x, state)
    steps, streamed = [], state
    for t in range(TIME):
        output, streamed = stack.step(x[:, t], streamed)
        steps.append(output)
    outputs = torch.stack(steps, dim=1)
    assert_close(outputs, whole)
    assert_close(tensors(streamed), tensors(last))
    assert type(streamed[0]) is type(last[0])
    assert_close(
        weighted_gradients([outputs, *tensors(streamed)], sources),
        weighted_gradients([whole, *tensors(last)], sources),
    )


@EACH_RELATION
def test_a_reset_parts_a_sequence_into_two(case: Case) -> None:
    """The two parts do not see each other, in any direction; nor does the second see the initial state."""
    stack, x, cut = case.stack(learn_initial_state=True), random_x(), 2
    resets = torch.zeros(BATCH, TIME, dtype=torch.bool)
    resets[:, cut] = True
    outputs, _ = stack(x, None, None, resets)
    apart = [stack(part)[0] for part in (x[:, :cut], x[:, cut:])]
    assert_close(outputs, torch.cat(apart, dim=1))


@EACH_ENGINE
def test_a_reset_at_every_step_leaves_no_memory(case: Case) -> None:
    stack, x = case.stack(), random_x()
    outputs, _ = stack(x, None, None, torch.ones(BATCH, TIME, dtype=torch.bool))
    alone, _ = stack(x.reshape(BATCH * TIME, 1, -1))
    assert_close(outputs.reshape(BATCH * TIME, 1, -1), alone)


@EACH_ENGINE
def test_resets_that_are_nowhere_change_nothing(case: Case) -> None:
    stack, x = case.stack(), random_x()
    state = random_state(stack)
    nowhere = torch.zeros(BATCH, TIME, dtype=torch.bool)
    assert_close(evaluate(stack, x, state, LENGTHS, nowhere), evaluate(stack, x, state, LENGTHS))


@EACH_ENGINE
def test_rows_of_a_batch_do_not_see_one_another(case: Case) -> None:
    stack, x = case.stack(), random_x()
    state = random_state(stack)
    whole, _ = stack(x, state, LENGTHS, RESETS)
    for b in range(BATCH):
        row = slice(b, b + 1)
        alone, _ = stack(x[row], row_of(state, b), LENGTHS[row], RESETS[row])
        assert_close(whole[row], alone)
