"""Keeps the operations that are needed, each once, with the inputs numbered first."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from zoo.scan.program import Block, Blocks, Op, Ref


def depending_only_on(sources: Sequence[int], ops: Sequence[Op | None]) -> set[int]:
    """The numbers of the values that are computed from these sources alone."""
    found = set(sources)
    for number, op in enumerate(ops):
        if op is not None and set(op.sources) <= found and op.sources:
            found.add(number)
    return found


def needed(ops: Sequence[Op | None], wanted: Sequence[Block], stop: Container[int] = ()) -> set[int]:
    """The numbers of the values that the wanted blocks are computed from, not looking behind `stop`."""
    found: set[int] = set()
    ahead = [block.index for block in wanted if isinstance(block, Ref)]
    while ahead:
        number = ahead.pop()
        op = ops[number]
        if number not in found and op is not None and number not in stop:
            ahead += op.sources
        found.add(number)
    return found


def tidy(
    ops: Sequence[Op | None], inputs: Sequence[int], needed: Container[int]
) -> tuple[tuple[Op, ...], dict[int, int]]:
    """The needed operations, each once, with the inputs numbered first; and old number -> new number."""
    rename = {number: new for new, number in enumerate(inputs)}
    made: dict[Op, int] = {}
    for number, op in enumerate(ops):
        if op is not None and number in needed and number not in rename:
            op = replace(op, args=renamed(op.args, rename))
            rename[number] = made.setdefault(op, len(inputs) + len(made))
    return tuple(made), rename


def renamed(blocks: Sequence[Block], rename: Mapping[int, int]) -> Blocks:
    """The same blocks under new numbers."""
    return tuple(Ref(rename[block.index]) if isinstance(block, Ref) else block for block in blocks)
