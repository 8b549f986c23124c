"""Tensors of a run by step, and loops written out as Python."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from zoo.engines.autograd.buffers import Buffers
from zoo.engines.program.ir import Program, blocks_of

STEPS = 32
"""Steps that a loop has views of at a time. With many more of them alive, Python would stop again and again
to look for garbage among them."""


def defined(lines: Sequence[str]) -> Callable[..., Any]:
    """The function `loop` that these lines define."""
    # constants are written by `repr`, which calls two of them by names that Python does not know
    space: dict[str, Any] = {"torch": torch, "inf": math.inf, "nan": math.nan}
    exec("\n".join(lines), space)
    loop: Callable[..., Any] = space["loop"]
    return loop


def by_step(tensor: Tensor) -> tuple[Tensor, ...]:
    """One tensor for each step."""
    return tensor.unbind(0)


def input_views(program: Program, buffers: Buffers) -> dict[int, Tensor]:
    """Number of an input -> its block (T, B, H), or (H,) for a vector."""
    width = program.width
    found = dict(zip(program.pre, blocks_of(buffers.pre, width), strict=True))
    for numbers, part in zip(program.state, buffers.states, strict=True):
        found |= dict(zip(numbers, blocks_of(part, width), strict=True))
    found |= dict(zip(program.vectors, buffers.vectors, strict=bool(program.vectors)))
    for matmul, part in zip(program.matmuls, buffers.products, strict=True):
        if matmul.into is None:
            found |= dict(zip(matmul.result, blocks_of(part, width), strict=True))
    return found
