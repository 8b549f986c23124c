"""Every engine computes what the reference loop computes, and lengths cost it next to nothing."""

from collections import Counter
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from conformance.bridge import oracle_of
from conformance.cases import (
    BATCH,
    EACH_ENGINE,
    EACH_FAST,
    EACH_PLAIN_ENGINE,
    HIDDEN,
    INPUT,
    LENGTHS,
    RESETS,
    TIME,
    VARIANTS,
    Case,
    assert_close,
    assert_identical,
    engines,
    evaluate,
    random_state,
    random_x,
    tensors,
)
from zoo.engines import ENGINES, Sequences, pick
from zoo.engines.choice import PREFERENCE
from zoo.stack import map_state


@EACH_FAST
def test_value_and_gradient_equal_the_reference(case: Case) -> None:
    stack, reference = case.stack(), Case(case.variant, case.direction, case.wiring).stack()
    assert_identical(stack.state_dict(), reference.state_dict())
    x, state = random_x(), random_state(stack)
    for lengths in (None, LENGTHS):
        for resets in (None, RESETS):
            expected = evaluate(reference, x, state, lengths, resets)
            assert_close(evaluate(stack, x, state, lengths, resets), expected)


@EACH_FAST
def test_resets_that_leave_pieces_of_very_unequal_length(case: Case) -> None:
    """A long piece beside many short ones, which an engine that cuts at resets may want to run otherwise."""
    stack, reference = case.stack(), Case(case.variant, case.direction, case.wiring).stack()
    time, lengths = 24, torch.tensor([24, 11])
    x, state = random_x(2, time), random_state(stack, 2)
    resets = torch.zeros(2, time, dtype=torch.bool)
    resets[0, 1:13] = resets[1, 2:9] = True
    expected = evaluate(reference, x, state, lengths, resets)
    assert_close(evaluate(stack, x, state, lengths, resets), expected)


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_engine_keeps_its_contract_by_itself(variant: str) -> None:
    """Outputs 0 in the padding and final states of its own, whatever the stack around it would repair."""
    steps = torch.arange(TIME)[:, None]
    for engine in engines(variant):
        (cell,) = Case(variant, engine=engine).stack(num_layers=1).cells()
        state = tuple(torch.full((BATCH, width), 0.3, dtype=torch.float64) for width in cell.state_sizes)
        reset_state = tuple(-part for part in state)
        x = cell.with_deltas(random_x().transpose(0, 1), None)
        for resets in (None, RESETS.T & (steps < LENGTHS)):
            run = ENGINES[engine].prepare(cell.recurrence())
            outputs, final = run(cell.recurrence(), Sequences(x, state, reset_state, LENGTHS, resets))
            assert outputs.shape == (TIME, BATCH, cell.output_size)
            assert not outputs[steps >= LENGTHS].any()
            assert outputs[steps < LENGTHS].any(dim=-1).all()
            for part, start in zip(final, state, strict=True):
                assert torch.equal(part[1], start[1])
                assert (part[[0, 2, 3]] != start[[0, 2, 3]]).any(dim=-1).all()


def lost_by_the_loop(case: Case, exact: list[Tensor], dtype: torch.dtype) -> float:
    """The largest error of the reference loop in this type."""
    if case.engine == "reference":
        return 0.0
    stack = Case(case.variant, case.direction, case.wiring).stack().to(dtype)
    lower = map_state(lambda part: part.to(dtype), random_state(stack))
    with torch.no_grad():
        outputs, final = stack(random_x().to(dtype), lower, LENGTHS, RESETS)
    found = [outputs, *tensors(final)]
    pairs = zip(found, exact, strict=True)
    return max(float((low.double() - high.detach()).abs().max()) for low, high in pairs)


def steepness(case: Case) -> float:
    """By how much a step may enlarge an error of rounding, as the oracle of the cell says; mostly 1."""
    return getattr(oracle_of(VARIANTS[case.variant].build(INPUT, HIDDEN)).equations, "STEEPNESS", 1)


@EACH_ENGINE
def test_lower_precision_with_and_without_gradient_recording(case: Case) -> None:
    exact = case.stack()
    x, state = random_x(), random_state(exact)
    expected, expected_final = exact(x, state, LENGTHS, RESETS)
    wanted = [expected, *tensors(expected_final)]
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        stack = case.stack().to(dtype)
        lower = map_state(lambda part, dtype=dtype: part.to(dtype), state)
        # 50 roundings, or three times what the loop itself loses where small numbers are normalised
        rounding = 50 * steepness(case) * torch.finfo(dtype).eps
        tolerance = max(rounding, 3 * lost_by_the_loop(case, wanted, dtype))
        for recorded in (True, False):
            with torch.set_grad_enabled(recorded):
                outputs, final = stack(x.to(dtype), lower, LENGTHS, RESETS)
            found = [outputs, *tensors(final)]
            assert {part.dtype for part in found} == {dtype}
            for lowered, whole in zip(found, wanted, strict=True):
                torch.testing.assert_close(lowered.double(), whole, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("variant", VARIANTS)
def test_auto_takes_the_first_engine_that_can_and_a_refusal_says_why(variant: str) -> None:
    recurrence = VARIANTS[variant].build(INPUT, HIDDEN).recurrence()
    by_preference = [name for name in PREFERENCE["cpu"] if name in engines(variant)]
    assert pick("auto", recurrence).name == by_preference[0]
    for name in set(ENGINES) - set(engines(variant)):
        with pytest.raises(ValueError, match=f"engine '{name}' cannot run this: .*; use engine 'auto'"):
            Case(variant, engine=name).stack()


class Operations(TorchDispatchMode):
    """Counts the tensor operations that run under it."""

    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count[str(function)] += 1
        return function(*args, **(kwargs or {}))


def operations(case: Case, time: int, with_lengths: bool) -> Counter[str]:
    stack = case.stack()
    x = random_x(BATCH, time)
    lengths = torch.tensor([time, 0, time // 2, 1]) if with_lengths else None
    with Operations() as operations:
        stack(x, random_state(stack), lengths)
    return operations.count


@EACH_PLAIN_ENGINE
def test_lengths_cost_no_work_of_their_own_at_each_step(case: Case) -> None:
    """Reference: one choice for the output and for each part of the state. Others: nothing per step.

    Nor are they read step by step: reading a value off a tensor stops an accelerator.
    """
    ragged, full = ([operations(case, time, given) for time in (20, 28)] for given in (True, False))
    extra = [(some - all_).total() for some, all_ in zip(ragged, full, strict=True)]
    per_step = (extra[1] - extra[0]) / 8
    cells = case.stack().cells()
    chosen = sum(1 + len(cell.state_sizes) for cell in cells) if case.engine == "reference" else 0
    views = 2 * chosen  # the step's row of the mask
    assert per_step <= chosen + views
    reads = [count["aten._local_scalar_dense.default"] for count in ragged]
    assert reads[0] == reads[1], "read no more often for longer sequences"
