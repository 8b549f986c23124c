"""The values of a program for all steps at once, those behind recurrent products included."""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from zoo.engines.program.ir import Block, Op, Program, Ref

CHOICE = "where.Scalar"
"""A choice between two constants, of the type that is asked for, whatever torch's default is."""


def evaluate(
    program: Program,
    wanted: Sequence[Block],
    known: Mapping[int, Tensor],
    product: Callable[[str, Tensor], Tensor],
    like: Tensor,
) -> list[Tensor]:
    """The wanted blocks for all steps at once.

    Args:
        program: Their program.
        wanted: Blocks of it.
        known: Number -> value, broadcasting to (T, B, H), for all inputs that they depend on but results of
            products. What lies behind a known value is not computed.
        product: Takes a recurrent product of an operand (T, B, width).
        like: A tensor (T, B, H) of the type that constants take.

    Returns:
        The blocks, each (T, B, H), which may be expanded.
    """
    values: dict[int, Tensor] = dict(known)
    port_of = {number: matmul for matmul in program.matmuls for number in matmul.result}

    def whole(block: Block) -> Tensor:
        return (values[block.index] if isinstance(block, Ref) else like.new_tensor(block)).expand_as(like)

    for number in behind(program, wanted, known):
        if number in values:
            continue
        if number in port_of:
            matmul = port_of[number]
            results = product(matmul.gates, torch.cat([whole(block) for block in matmul.operand], dim=-1))
            values |= zip(matmul.result, split(results, program.width), strict=True)
        else:
            values[number] = _result(program.ops[number - program.num_inputs], values, like)
    return [whole(block) for block in wanted]


def split(tensor: Tensor, width: int) -> tuple[Tensor, ...]:
    """The blocks (..., H) of a tensor (..., n H), which may be empty."""
    return tensor.chunk(tensor.shape[-1] // width, dim=-1)


def _result(op: Op, values: Mapping[int, Tensor], like: Tensor) -> Tensor:
    args: list[Any] = [values[arg.index] if isinstance(arg, Ref) else arg for arg in op.args]
    if op.name == CHOICE:
        return torch.where(args[0], like.new_tensor(args[1]), like.new_tensor(args[2]))
    return cast("Tensor", op(*args))


def behind(program: Program, wanted: Sequence[Block], known: Container[int]) -> list[int]:
    """The numbers of the values that the wanted blocks are computed from, each after its own sources.

    Those in `known` are among them; what lies behind these is not.
    """
    port_of = {number: matmul for matmul in program.matmuls for number in matmul.result}
    order: dict[int, None] = {}
    ahead = [block.index for block in reversed(wanted) if isinstance(block, Ref)]
    while ahead:
        number, sources = ahead[-1], list[int]()
        if number not in known and number in port_of:
            sources = [block.index for block in port_of[number].operand if isinstance(block, Ref)]
        elif number not in known and number >= program.num_inputs:
            sources = program.ops[number - program.num_inputs].sources
        missing = [source for source in sources if source not in order]
        ahead += missing
        if not missing:
            order[ahead.pop()] = None
    return list(order)
