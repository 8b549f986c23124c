"""The derivative of a step, by torch's own rules, watched while they run."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from zoo.engines.program.ir import Block, Blocks, Op, Program, Ref, run_ops
from zoo.engines.program.recorder import ROWS, Recorder, watching
from zoo.engines.program.simplify import needed, prune, renamed


def adjoint(program: Program) -> tuple[tuple[Op, ...], Blocks]:
    """The derivative of a step, by torch's own rules.

    What a product adds to the gradient of the state where that is its operand is left out.

    Returns:
        Operations whose inputs are those of `program` and one gradient for each block of its results; and
        the gradient of each input, among the values of these operations.
    """
    recorder = Recorder(program.width)
    leaves = [
        torch.ones(ROWS, program.width, dtype=torch.float64, requires_grad=True)
        for _ in range(program.num_inputs)
    ]
    # where the operand is the state itself, the engine adds the product's gradient to the state's
    own = [program.operand_state(matmul) is None for matmul in program.matmuls]
    counted = [True] * (1 + len(program.state)) + own
    results = [
        block if is_counted else 0.0
        for part, is_counted in zip(program.results, counted, strict=True)
        for block in part
    ]
    # any numbers: a derivative whose operations depend on values is refused by the recorder
    seeds = [_ones(program) for _ in results]
    for part in (*leaves, *seeds):
        recorder.enter(part)
    with torch.enable_grad(), watching(), recorder:
        values = run_ops(program.ops, leaves)
        reached = [
            (values[block.index], seed)
            for block, seed in zip(results, seeds, strict=True)
            if isinstance(block, Ref)
        ]
        gradients = _pulled_back(reached, leaves)
    found = [0.0 if part is None else recorder.blocks(part)[0] for part in gradients]
    inputs = range(program.num_inputs + len(seeds))
    ops, rename = prune(recorder.ops, inputs, needed(recorder.ops, found))
    return ops, renamed(found, rename)


def partials(program: Program) -> tuple[tuple[Op, ...], dict[tuple[int, int], Block]]:
    """The partial derivatives of a step without row sums, by torch's own rules.

    Returns:
        Operations on the inputs of `program`; and for a block of its results and an input, both by number,
        the derivative of the one with respect to the other, where that is not 0 throughout. The blocks of
        operands that are a state are left out.
    """
    recorder = Recorder(program.width)
    leaves = [
        torch.ones(ROWS, program.width, dtype=torch.float64, requires_grad=True)
        for _ in range(program.num_inputs)
    ]
    one = _ones(program)
    for part in leaves:
        recorder.enter(part)
    # a seed that is known to be 1 drops out of every product
    recorder.know(one, (1.0,))
    found: dict[tuple[int, int], Block] = {}
    with torch.enable_grad(), watching(), recorder:
        values = run_ops(program.ops, leaves)
        for number in sorted(wanted_results(program)):
            gradients = _pulled_back([(values[number], one)], leaves)
            found |= {
                (number, leaf): recorder.blocks(gradient)[0]
                for leaf, gradient in enumerate(gradients)
                if gradient is not None
            }
    used = needed(recorder.ops, list(found.values()))
    ops, rename = prune(recorder.ops, program.inputs, used)
    return ops, {place: renamed([block], rename)[0] for place, block in found.items()}


class _Seeded(torch.autograd.Function):
    """A number whose gradients in some values are the given seeds.

    `torch.autograd.grad` takes seeds as well, but imports sympy for them, which takes longer than all else.
    """

    @staticmethod
    def forward(ctx: Any, seeds: Sequence[Tensor], *values: Tensor) -> Tensor:
        """Any number; the values are not looked at."""
        ctx.seeds = seeds
        return torch.zeros((), dtype=torch.float64)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        """The seeds."""
        return None, *ctx.seeds


def _pulled_back(
    seeded: Sequence[tuple[Tensor, Tensor]], leaves: Sequence[Tensor]
) -> tuple[Tensor | None, ...]:
    """The gradients of the leaves, from values and the seeds of these."""
    values, seeds = zip(*seeded, strict=True)
    # the graph stays, for `partials` goes back through it once for each result
    total = _Seeded.apply(seeds, *values)  # type: ignore[no-untyped-call]
    if not total.requires_grad:  # every gradient is cut by `detach`
        return (None,) * len(leaves)
    return torch.autograd.grad(total, leaves, retain_graph=True, allow_unused=True)


def wanted_results(program: Program) -> set[int]:
    """The numbers of the blocks of the output, the new state and the computed operands."""
    parts = [program.output, *program.new_state]
    parts += [matmul.operand for matmul in program.matmuls if program.operand_state(matmul) is None]
    return {block.index for part in parts for block in part if isinstance(block, Ref)}


def _ones(program: Program) -> Tensor:
    """A block, in the type in which constants are computed."""
    return torch.ones(ROWS, program.width, dtype=torch.float64)
