"""Fills in the states of a linear recurrence: step by step, or all blocks of steps at once."""

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor

Matrix: TypeAlias = Sequence[Sequence[Tensor | None]]
"""The factors between n coupled states: rows are new states, columns old ones; None is 0 throughout."""

Planes: TypeAlias = Sequence[Tensor]
"""One tensor for each of the coupled states."""

Steps: TypeAlias = Sequence[Tensor]
"""One tensor for each step."""

BLOCK = 32
"""Steps that a scan in blocks takes one after the other, in all blocks at once."""

NARROW_BELOW = 1024
"""From this many numbers per step on, a CPU is not faster in blocks, which triple the operations."""


def fill(a: Matrix, b: Planes, out: Planes, is_reverse: bool) -> None:
    """Fills in the states after each step.

    In blocks where that is faster: on other devices than a CPU, and where a step is narrow.

    Args:
        a: Factors (T, ...).
        b: Summands (T, ...).
        out: States (T + 1, ...), of which the first is there: the last in memory, where time is reversed.
        is_reverse: Whether to go from the end to the beginning.
    """
    is_narrow = b[0].device.type != "cpu" or b[0].shape[1:].numel() < NARROW_BELOW
    run = in_blocks if is_narrow and len(b[0]) > 2 * BLOCK else step_by_step
    run(a, b, out, is_reverse)


def step_by_step(a: Matrix, b: Planes, out: Planes, is_reverse: bool) -> None:
    """One step after the other."""
    late, early = slice(1, None), slice(0, -1)
    new, old = (early, late) if is_reverse else (late, early)
    factors = [[None if part is None else part.unbind(0) for part in row] for row in a]
    before, after = ([plane[where].unbind(0) for plane in out] for where in (old, new))
    _walk(factors, [part.unbind(0) for part in b], before, after, is_reverse)


def in_blocks(a: Matrix, b: Planes, out: Planes, is_reverse: bool) -> None:
    """What each block of steps does to any state; then the states before each block; then all states.

    Only factors are multiplied with each other, and nothing is divided. Their products may overflow where
    they stay above 1, even if the states do not. The last steps, too few for a block, come one by one.
    Reference: Martin and Cundy, 2018, https://arxiv.org/abs/1709.04057.
    """
    time = len(b[0])
    left, count = time % BLOCK, time // BLOCK
    inside, rest = (
        (slice(left, None), slice(0, left))
        if is_reverse
        else (slice(0, time - left), slice(time - left, None))
    )
    factors = [[None if part is None else _by_step(part[inside]) for part in row] for row in a]
    summands = [_by_step(part[inside]) for part in b]
    ends = [part.new_empty(count + 1, *part.shape[1:]) for part in b]
    first = -1 if is_reverse else 0
    for plane, end in zip(out, ends, strict=True):
        end[first] = plane[first]
    # blocks are steps of a recurrence, too, and many of them are scanned in blocks again
    fill(*_whole_blocks(factors, summands, is_reverse), ends, is_reverse)
    after = [_by_step((plane[:-1] if is_reverse else plane[1:])[inside]) for plane in out]
    before = [
        (*steps[1:], end[1:]) if is_reverse else (end[:-1], *steps[:-1])
        for steps, end in zip(after, ends, strict=True)
    ]
    _walk(factors, summands, before, after, is_reverse)
    tail = slice(0, left + 1) if is_reverse else rest
    over = [[None if part is None else part[rest] for part in row] for row in a]
    step_by_step(over, [part[rest] for part in b], [plane[tail] for plane in out], is_reverse)


def _by_step(plane: Tensor) -> Steps:
    """For each step of a block, the tensor (blocks, ...) of all blocks."""
    return plane.reshape(len(plane) // BLOCK, BLOCK, *plane.shape[1:]).unbind(1)


def _walk(
    a: Sequence[Sequence[Steps | None]],
    b: Sequence[Steps],
    before: Sequence[Steps],
    after: Sequence[Steps],
    is_reverse: bool,
) -> None:
    """Fills `after` in, step by step; it may share memory with `before`."""
    rows = [
        (new, summand, [(part, old) for part, old in zip(row, before, strict=True) if part is not None])
        for new, summand, row in zip(after, b, a, strict=True)
    ]
    times = range(len(b[0]))
    for t in reversed(times) if is_reverse else times:
        for new, summand, terms in rows:
            total = summand[t]
            for part, old in terms:
                # from the second term on `total` is `new[t]`, which addcmul may overwrite as it reads
                total = torch.addcmul(total, part[t], old[t], out=new[t])
            if not terms:
                new[t].copy_(total)


def _whole_blocks(
    a: Sequence[Sequence[Steps | None]], b: Sequence[Steps], is_reverse: bool
) -> tuple[Matrix, Planes]:
    """The factors and summands of whole blocks, which are steps of a scan over blocks."""
    times = list(range(BLOCK))
    first, *others = times[::-1] if is_reverse else times
    slope: Matrix = [[None if part is None else part[first] for part in row] for row in a]
    shift: Planes = [part[first] for part in b]
    for t in others:
        now = [[None if part is None else part[t] for part in row] for row in a]
        shift = [_dot(row, shift, part[t]) for row, part in zip(now, b, strict=True)]
        slope = [[_product(row, column) for column in zip(*slope, strict=True)] for row in now]
    return slope, shift


def _dot(row: Sequence[Tensor | None], state: Planes, total: Tensor) -> Tensor:
    for left, right in zip(row, state, strict=True):
        total = total if left is None else torch.addcmul(total, left, right)
    return total


def _product(row: Sequence[Tensor | None], column: Sequence[Tensor | None]) -> Tensor | None:
    total: Tensor | None = None
    for left, right in zip(row, column, strict=True):
        if left is not None and right is not None:
            total = left * right if total is None else torch.addcmul(total, left, right)
    return total
