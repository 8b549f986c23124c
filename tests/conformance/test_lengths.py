"""Padding is inert, and a sequence in a batch is what it is on its own."""

import math

import torch

from conformance.bridge import said
from conformance.cases import (
    BATCH,
    EACH_ENGINE,
    EACH_RELATION,
    INPUT,
    LENGTHS,
    RESETS,
    TIME,
    VARIANTS,
    Case,
    assert_close,
    assert_identical,
    evaluate,
    padded,
    random_state,
    random_x,
    row_of,
    tensors,
    weighted_gradients,
    weights_of_sum,
)

PADDING = torch.arange(TIME) >= LENGTHS[:, None]


@EACH_RELATION
def test_what_the_padding_holds_changes_nothing_to_the_bit(case: Case) -> None:
    stack, x = case.stack(), random_x()
    state = random_state(stack)
    for resets in (None, RESETS):
        clean = evaluate(stack, padded(x, LENGTHS, 0.0), state, LENGTHS, resets)
        assert not clean.outputs[PADDING].any()
        assert not clean.gradients["x"][PADDING].any()
        assert_identical(evaluate(stack, padded(x, LENGTHS, math.nan), state, LENGTHS, resets), clean)


@EACH_RELATION
def test_each_sequence_is_what_it_is_on_its_own(case: Case) -> None:
    """Final states at the last valid step, the backward direction from there, and their full gradient."""
    stack, x = case.stack(), random_x()
    state = random_state(stack)
    x.requires_grad_()
    sources = [x, *(part.requires_grad_() for part in tensors(state)), *stack.parameters()]
    outputs, final = stack(padded(x, LENGTHS, math.nan), state, LENGTHS)
    for b, length in enumerate(LENGTHS.tolist()):
        own_outputs, own_final = stack(x[b : b + 1, :length], row_of(state, b))
        assert_close(outputs[b : b + 1, :length], own_outputs)
        states = tensors(row_of(final, b))
        assert_close(states, tensors(own_final))
        found, alone = (weighted_gradients(s, sources) for s in (states, tensors(own_final)))
        assert_close(found, alone)
        assert found[0][b, :length].any(dim=-1).all() or said(VARIANTS[case.variant], "SKIPS", False)
        assert not found[0][b, length:].any()


@EACH_RELATION
def test_a_sequence_of_length_zero_hands_its_state_through(case: Case) -> None:
    stack, x = case.stack(), random_x()
    state = random_state(stack)
    given = [part.requires_grad_() for part in tensors(state)]
    outputs, final = stack(x, state, torch.zeros(BATCH, dtype=torch.long), RESETS)
    assert not outputs.any()
    for before, after in zip(given, tensors(final), strict=True):
        assert_identical(after, before)
        weights = weights_of_sum(after)
        (gradient,) = torch.autograd.grad((after * weights).sum(), before, retain_graph=True)
        assert_identical(gradient, weights)


@EACH_ENGINE
def test_no_steps_at_all_hand_the_state_through(case: Case) -> None:
    stack = case.stack()
    state = random_state(stack)
    given = [part.requires_grad_() for part in tensors(state)]
    x = torch.empty(BATCH, 0, INPUT, dtype=torch.float64)
    for lengths in (None, torch.zeros(BATCH, dtype=torch.long)):
        for resets in (None, torch.empty(BATCH, 0, dtype=torch.bool)):
            outputs, final = stack(x, state, lengths, resets)
            assert outputs.shape == (BATCH, 0, stack.output_size)
            assert outputs.dtype == torch.float64
            for before, after in zip(given, tensors(final), strict=True):
                assert_identical(after, before)
                (gradient,) = torch.autograd.grad(after.sum(), before)
                assert_identical(gradient, torch.ones_like(before))


@EACH_ENGINE
def test_an_empty_batch_gives_an_empty_batch(case: Case) -> None:
    stack = case.stack()
    expected = [part.shape for part in tensors(stack.initial_state(0))]
    for time in (0, TIME):
        x = torch.empty(0, time, INPUT, dtype=torch.float64)
        for lengths in (None, torch.empty(0, dtype=torch.long)):
            for resets in (None, torch.empty(0, time, dtype=torch.bool)):
                outputs, final = stack(x, None, lengths, resets)
                assert outputs.shape == (0, time, stack.output_size)
                assert [part.shape for part in tensors(final)] == expected


@EACH_ENGINE
def test_lengths_that_are_all_full_change_nothing(case: Case) -> None:
    stack, x = case.stack(), random_x()
    state = random_state(stack)
    full = torch.full((BATCH,), TIME)
    assert_close(evaluate(stack, x, state, full), evaluate(stack, x, state))


@EACH_ENGINE
def test_a_long_padding_does_not_overflow_into_the_gradient(case: Case) -> None:
    """A network that explodes by itself goes on exploding in the padding, where nobody may notice."""
    stack = case.stack(num_layers=1)
    with torch.no_grad():
        for cell in stack.cells():
            (cell.weight_ih if cell.weight_hh is None else cell.weight_hh).mul_(50).abs_()
    lengths = torch.tensor([3, 2])
    long = torch.zeros(2, 250, INPUT, dtype=torch.float64)
    long[:, :3] = random_x(2, 3)
    state = random_state(stack, 2)
    found, short = (evaluate(stack, x, state, lengths) for x in (long, long[:, :3]))
    assert_close(found.final, short.final)
    for name, gradient in found.gradients.items():
        if name != "x":
            torch.testing.assert_close(gradient, short.gradients[name], rtol=1e-9, atol=0)
