"""Makes a program smaller: dead values, common subexpressions, sums folded into products."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from zoo.engines.program.ir import Block, Blocks, Matmul, Op, Program, Ref


def depending_only_on(sources: Sequence[int], ops: Sequence[Op | None]) -> set[int]:
    """The numbers of the values that are computed from these sources alone."""
    found = set(sources)
    for number, op in enumerate(ops):
        # a constant has no sources, and is computed from nothing at all
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


def prune(
    ops: Sequence[Op | None], inputs: Sequence[int], needed: Container[int]
) -> tuple[tuple[Op, ...], dict[int, int]]:
    """The needed operations, each once, with the inputs numbered first; and old number -> new number."""
    rename = {number: new for new, number in enumerate(inputs)}
    made: dict[tuple[Op, str], int] = {}
    for number, op in enumerate(ops):
        if op is not None and number in needed and number not in rename:
            op = replace(op, args=renamed(op.args, rename))
            # 0.0 == -0.0, and yet 1 / 0.0 is not 1 / -0.0
            rename[number] = made.setdefault((op, repr(op.args)), len(inputs) + len(made))
    return tuple(op for op, _ in made), rename


def renamed(blocks: Sequence[Block], rename: Mapping[int, int]) -> Blocks:
    """The same blocks under new numbers."""
    return tuple(Ref(rename[block.index]) if isinstance(block, Ref) else block for block in blocks)


def fold_products(program: Program) -> Program:
    """The same step, with `W x + U h` summed by the product itself wherever that is all that is done with it.

    It saves a pass over the gates in each step, and storing the summands.
    """
    sums = _sums(program)
    into = [_target(program, matmul, sums) for matmul in program.matmuls]
    replaced = {
        sums[number]: first + k
        for matmul, first in zip(program.matmuls, into, strict=True)
        if first is not None
        for k, number in enumerate(matmul.result)
    }
    matmuls = [
        matmul if first is None else replace(matmul, result=(), into=first)
        for matmul, first in zip(program.matmuls, into, strict=True)
    ]
    return _rebuilt(program, matmuls, replaced)


def _sums(program: Program) -> dict[int, int]:
    """Number of a summand -> number of the sum, for sums of two values that are used nowhere else."""
    uses = Counter(number for op in program.ops for number in op.sources)
    uses.update(block.index for part in program.results for block in part if isinstance(block, Ref))
    sums: dict[int, int] = {}
    for number, op in enumerate(program.ops, start=program.num_inputs):
        # read once each: the product will leave the sum where the summand was
        if op.name == "add.Tensor" and op.alpha == 1 and [uses[source] for source in op.sources] == [1, 1]:
            sums |= dict.fromkeys(op.sources, number)
    return sums


def _target(program: Program, matmul: Matmul, sums: dict[int, int]) -> int | None:
    """The first block of the input product that all of this product is added to, block by block, or None."""
    partners = {sums[number]: number for number in program.pre if number in sums}
    found = [partners.get(sums.get(number, -1)) for number in matmul.result]
    # one matrix product writes its rows side by side, so these blocks have to be neighbours
    first = found[0]
    return first if first is not None and found == list(range(first, first + len(found))) else None


def _rebuilt(program: Program, matmuls: list[Matmul], replaced: dict[int, int]) -> Program:
    """The program with some values replaced by inputs, and its inputs numbered without gaps."""
    before: list[Op | None] = [None] * program.num_inputs + [
        replace(op, args=_replaced(op.args, replaced)) for op in program.ops
    ]
    results = [_replaced(part, replaced) for part in program.results]
    kept = {number for matmul in matmuls for number in matmul.result}
    dropped = {number for matmul in program.matmuls for number in matmul.result} - kept
    inputs = [number for number in program.inputs if number not in dropped]
    ops, rename = prune(before, inputs, needed(before, [block for part in results for block in part]))
    output, *others = (renamed(part, rename) for part in results)
    parts = len(program.state)
    return replace(
        program,
        matmuls=tuple(
            replace(matmul, operand=operand, result=tuple(rename[number] for number in matmul.result))
            for matmul, operand in zip(matmuls, others[parts:], strict=True)
        ),
        ops=ops,
        output=output,
        new_state=tuple(others[:parts]),
    )


def _replaced(blocks: tuple[Block, ...], replaced: dict[int, int]) -> tuple[Block, ...]:
    return tuple(
        Ref(replaced.get(block.index, block.index)) if isinstance(block, Ref) else block for block in blocks
    )
