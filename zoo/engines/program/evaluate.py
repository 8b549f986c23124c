"""The values of a program, for one step or for all at once, those behind recurrent products included."""

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
    product: Callable[[int, Tensor], Tensor],
    like: Tensor,
) -> list[Tensor]:
    """The wanted blocks of a step, computed from no more than they need.

    Args:
        program: Their program, folded or not.
        wanted: Blocks of it.
        known: Number -> value, broadcasting to (..., H), for all inputs that they depend on but results of
            products. What lies behind a known value is not computed.
        product: Takes the k-th recurrent product, of an operand (..., width).
        like: A tensor (..., H) of the type that constants take.

    Returns:
        The blocks, each (..., H), which may be expanded.
    """
    values: dict[int, Tensor] = dict(known)
    product_of = _products(program)
    # the input product that a product is added into is there from the start, but not yet what is read
    settled = {number for number in known if number not in product_of}

    def whole(block: Block) -> Tensor:
        return (values[block.index] if isinstance(block, Ref) else like.new_tensor(block)).expand_as(like)

    for number in behind(program, wanted, settled):
        if number in settled:
            continue
        if number in product_of:
            k = product_of[number]
            results = product(k, torch.cat([whole(block) for block in program.matmuls[k].operand], dim=-1))
            for target, part in zip(program.targets(k), split(results, program.width), strict=True):
                # out of place: what is known is the caller's, and its graph may need it
                values[target] = values[target] + part if target in known else part
                settled.add(target)
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
    product_of = _products(program)
    order: dict[int, None] = {}
    ahead = [block.index for block in reversed(wanted) if isinstance(block, Ref)]
    # no recursion, for a chain of operations may be longer than Python's stack is deep
    while ahead:
        number, sources = ahead[-1], list[int]()
        if number not in known and number in product_of:
            operand = program.matmuls[product_of[number]].operand
            sources = [block.index for block in operand if isinstance(block, Ref)]
        elif number not in known and number >= program.num_inputs:
            sources = program.ops[number - program.num_inputs].sources
        missing = [source for source in sources if source not in order]
        ahead += reversed(missing)
        if not missing:
            order[ahead.pop()] = None
    return list(order)


def _products(program: Program) -> dict[int, int]:
    """Number of an input -> the product that it is, or that is added into it."""
    return {number: k for k in range(len(program.matmuls)) for number in program.targets(k)}
