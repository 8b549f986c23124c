"""Takes a step apart by watching it run once: which operations lie between its recurrent products."""

from collections.abc import Sequence
from dataclasses import replace
from math import gcd
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from zoo.engines.program.ir import Blocks, Matmul, NotBlockwise, Program, Ref
from zoo.engines.program.recorder import ROWS, Harmless, Recorder, watching
from zoo.engines.program.simplify import depending_only_on, needed, prune, renamed
from zoo.engines.recurrence import Recurrence, State

__all__ = ["NotBlockwise", "trace"]


MOST_PARTS = 8
"""Into how many blocks H units are parted at most, where other widths ask for it."""
_TRACED: "WeakKeyDictionary[Recurrence, Program | str]" = WeakKeyDictionary()
"""The programs, or why there is none: each engine that is asked about a recurrence wants to know."""


def trace(recurrence: Recurrence) -> Program:
    """The operations of a step, which is watched once for each recurrence.

    Raises:
        NotBlockwise: the step mixes units other than by its products, or draws random numbers.
    """
    if recurrence not in _TRACED:
        try:
            _TRACED[recurrence] = _watched(recurrence)
        except NotBlockwise as reason:
            _TRACED[recurrence] = str(reason)  # not the error, whose frames would keep the recurrence alive
    found = _TRACED[recurrence]
    if isinstance(found, str):
        raise NotBlockwise(found)
    return found


def _watched(recurrence: Recurrence) -> Program:
    """The operations of a step that runs now, on blocks of H units where that can be."""
    if recurrence.only_stepwise:
        raise NotBlockwise(recurrence.only_stepwise)
    try:
        return _in_blocks(recurrence, recurrence.width)
    except NotBlockwise:
        width = _shared_width(recurrence)
        if width == recurrence.width:
            raise
    return _in_blocks(recurrence, width)


def _arguments(recurrence: Recurrence) -> tuple[Tensor, State, list[Tensor]]:
    """An input product, a state and the vectors."""
    like = recurrence.like
    pre = recurrence.project(like.new_zeros(ROWS, recurrence.input_size)).detach()
    state = tuple(like.new_zeros(ROWS, size) for size in recurrence.state_sizes)
    return pre, state, [vector for vector in recurrence.vectors if vector.is_floating_point()]


def _in_blocks(recurrence: Recurrence, width: int) -> Program:
    """The operations of a step on blocks of so many units."""
    like, (pre, state, vectors) = recurrence.like, _arguments(recurrence)
    if any(vector.dim() != 1 for vector in vectors):
        raise NotBlockwise("it has a parameter that is not a vector")
    recorder = Recorder(width, cuts=True)
    taken: list[tuple[str, Tensor, tuple[int, ...]]] = []

    def product(gates: str, operand: Tensor) -> Tensor:
        # a matrix that is a function of parameters is made outside the step
        with recorder.aside():
            # zeros will do: a step that looks at values is refused by the recorder
            result = like.new_zeros(ROWS, recurrence.recurrent(gates)[0].shape[0])
        taken.append((gates, operand, recorder.enter(result)))
        return result

    entries = tuple(recorder.enter(part) for part in (pre, *state))
    entries += tuple(recorder.enter_vector(vector) for vector in vectors)
    with torch.no_grad(), watching(), recorder:
        output, new_state = recurrence.step(pre, state, product)
    matmuls = tuple(
        Matmul(gates=gates, operand=recorder.whole(operand), result=result, rows=len(result))
        for gates, operand, result in taken
    )
    results = [recorder.whole(output), *(recorder.whole(part) for part in new_state)]
    pre_blocks, *others = entries
    program = _assembled(
        recorder, (pre_blocks, *others[: len(state)]), others[len(state) :], matmuls, results
    )
    return replace(program, clips=recurrence.gradient_clip > 0)


def _shared_width(recurrence: Recurrence) -> int:
    """The units that H shares with all other widths that a step meets.

    Raises:
        NotBlockwise: these are too few.
    """
    pre, state, vectors = _arguments(recurrence)
    sizes = {part.shape[-1] for part in (pre, *state)} | {
        len(vector) for vector in vectors if len(vector) > 1
    }

    def product(gates: str, operand: Tensor) -> Tensor:
        result = recurrence.like.new_zeros(ROWS, recurrence.recurrent(gates)[0].shape[0])
        sizes.update((operand.shape[-1], result.shape[-1]))
        return result

    with torch.no_grad(), watching(), Harmless():  # type: ignore[no-untyped-call]
        output, _ = recurrence.step(pre, state, product)
    sizes.add(output.shape[-1])
    shared = gcd(recurrence.width, *sizes)
    # a block of one unit would be taken for a number of the row
    least = min(max(2, -(-recurrence.width // MOST_PARTS)), recurrence.width)
    if shared < least:
        found = ", ".join(str(size) for size in sorted(sizes) if size % recurrence.width)
        raise NotBlockwise(
            f"widths of {found} and H = {recurrence.width} share {shared}, and at least {least} are asked for"
        )
    return shared


def _assembled(
    recorder: Recorder,
    varying: Sequence[tuple[int, ...]],
    vectors: Sequence[tuple[int, ...]],
    matmuls: Sequence[Matmul],
    results: Sequence[Blocks],
) -> Program:
    """The program of what was recorded, with its inputs numbered first and what is needed alone.

    Args:
        recorder: The operations.
        varying: The input product and the tensors of the state.
        vectors: The vectors.
        matmuls: The products.
        results: The output and the tensors of the new state.
    """
    everything = [*results, *(matmul.operand for matmul in matmuls)]
    raw = [number for part in vectors for number in part]
    # what comes of vectors alone is computed once in each run, and is an input of the step
    fixed = depending_only_on(raw, recorder.ops)
    used = needed(recorder.ops, [block for part in everything for block in part], stop=fixed)
    kept = sorted(fixed & used)
    inputs = [*varying, kept, *(matmul.result for matmul in matmuls)]
    ops, rename = prune(recorder.ops, [number for part in inputs for number in part], used)
    prologue, place = prune(recorder.ops, raw, needed(recorder.ops, [Ref(number) for number in kept]))

    def numbers(part: Sequence[int]) -> tuple[int, ...]:
        return tuple(rename[number] for number in part)

    output, *new_state = (renamed(part, rename) for part in results)
    return Program(
        width=recorder.width,
        pre=numbers(varying[0]),
        state=tuple(numbers(part) for part in varying[1:]),
        vectors=numbers(kept),
        matmuls=tuple(
            replace(matmul, operand=renamed(matmul.operand, rename), result=numbers(matmul.result))
            for matmul in matmuls
        ),
        ops=ops,
        output=output,
        new_state=tuple(new_state),
        prologue=prologue,
        prologue_values=tuple(place[number] for number in kept),
    )
