"""How a program runs on a GPU: in one launch, in a few sweeps over time, or step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch

from zoo.engines.program.ir import ROW_OPS, Block, Op, Program
from zoo.engines.program.layout import Layout, Wanted
from zoo.engines.program.simplify import needed

ON_CHIP = 2**15
"""Bytes of recurrent weights that one launch may keep on the chip. The backward kernel takes up to twice as
much shared memory, 64 KiB, which the smallest of today's GPUs have."""

WIDEST = 128
"""Bytes in a row of a block of such weights, 32 units of float32. Compiled for compute capability 8.0, LSTM
and GRU keep their tiles in registers up to there; at 64 units of float32, even Elman's network spills."""

DOT = 16
"""The least width and height of a tile in Triton's products."""

TILE = 256
"""Numbers in a tile of a pass without products: two for each thread of four warps."""

PlanKind = Literal["whole", "sweeps", "steps"]


@dataclass(frozen=True)
class ForwardPass:
    """What one forward kernel does at each step.

    Attributes:
        name: The kernel's name.
        matmuls: The products whose operands it computes, and takes where `dots`.
        dots: Whether it takes the products itself.
        moves: Whether it carries the state from step to step.
        shows: Whether it writes the output.
    """

    name: str
    matmuls: tuple[int, ...] = ()
    dots: bool = False
    moves: bool = False
    shows: bool = False


@dataclass(frozen=True)
class BackwardPass:
    """What one backward kernel does at each step.

    Attributes:
        name: The kernel's name.
        wanted: The gradients that it computes, part by part; each part but the last goes through a product.
        matmuls: The product behind each part but the last.
        dots: Whether it takes the products itself.
        moves: Whether it carries the gradient of the state from step to step.
    """

    name: str
    wanted: tuple[tuple[Wanted, ...], ...]
    matmuls: tuple[int, ...] = ()
    dots: bool = False
    moves: bool = False


@dataclass(frozen=True)
class KernelPlan:
    """The kernels of a program.

    Attributes:
        kind: "whole": one launch runs all steps, products included. "sweeps": each kernel runs all steps, and
            each product is taken for all steps at once. "steps": kernels and products take turns at each.
        layout: The program and its derivative.
    """

    kind: PlanKind
    layout: Layout

    @classmethod
    def of(cls, layout: Layout, dtype: torch.dtype) -> "KernelPlan":
        """The plan that the sizes ask for."""
        program = layout.program
        if not feeds_state(program):
            return cls("sweeps", layout)
        return cls("whole" if fits(program, dtype) else "steps", layout)

    @property
    def program(self) -> Program:
        """The program."""
        return self.layout.program

    @cached_property
    def forward(self) -> tuple[ForwardPass, ...]:
        """The forward kernels, in their order."""
        if self.kind == "whole":
            everything = tuple(range(len(self.program.matmuls)))
            return (ForwardPass(name="forward", matmuls=everything, dots=True, moves=True, shows=True),)
        # in sweeps no product feeds the state: the first kernel can carry it through all of time
        early = self.kind == "sweeps" and bool(self.layout.computed)
        first = [
            ForwardPass(name=f"forward_{k}", matmuls=(k,), moves=early and place == 0)
            for place, k in enumerate(self.layout.computed)
        ]
        return (*first, ForwardPass(name="forward_last", moves=not early, shows=True))

    @cached_property
    def backward(self) -> tuple[BackwardPass, ...]:
        """The backward kernels, in their order."""
        undone = tuple(reversed(self.layout.computed))
        if self.kind == "whole":
            wanted = self.layout.back_passes
            return (BackwardPass(name="backward", wanted=wanted, matmuls=undone, dots=True, moves=True),)
        late = [item for part in self.layout.back_passes for item in part if self._is_late(item)]
        *parts, last = self.layout.back_passes
        first = [
            BackwardPass(
                name=f"backward_{k}",
                wanted=(tuple(item for item in part if item not in late),),
                matmuls=(k,),
            )
            for k, part in zip(undone, parts, strict=True)
        ]
        rest = (*late, *(item for item in last if item not in late))
        return (*first, BackwardPass(name="backward_last", wanted=(rest,), moves=True))

    def _is_late(self, item: Wanted) -> bool:
        """Whether a gradient belongs to the kernel that carries the state's gradient."""
        program = self.program
        if item.number in program.vectors or any(item.number in part for part in program.state):
            return True
        # at each step the carried gradient lies in memory, where the kernels before find it, too
        if self.kind == "steps":
            return False
        gradients = {number for part in self.layout.seeds[1 : 1 + len(program.state)] for number in part}
        ops: Sequence[Op | None] = [None] * self.num_back_inputs + list(self.layout.back_ops)
        return bool(needed(ops, [item.block]) & gradients)

    @property
    def num_back_inputs(self) -> int:
        """How many blocks go into the derivative."""
        return self.layout.seeds[-1][-1] + 1

    def tile(self, batch_size: int) -> tuple[int, int]:
        """Rows and units of a tile, powers of two."""
        units = power_of_two(self.program.width)
        if self.kind == "whole":
            return DOT, max(DOT, units)
        ops = (*self.program.ops, *self.layout.back_ops)
        # a sum over the units needs all of them in one tile
        units = units if any(op.name in ROW_OPS for op in ops) else min(units, TILE // 2)
        return min(max(1, TILE // units), power_of_two(batch_size)), units


def power_of_two(count: int) -> int:
    """The least power of two that is not below."""
    return 1 << max(0, count - 1).bit_length()


def fits(program: Program, dtype: torch.dtype) -> bool:
    """Whether one launch can keep all recurrent weights on the chip; see `ON_CHIP` and `WIDEST`."""
    row = max(DOT, power_of_two(program.width)) * dtype.itemsize
    blocks = sum(matmul.rows * len(matmul.operand) for matmul in program.matmuls)
    return row <= WIDEST and blocks * row**2 <= ON_CHIP * dtype.itemsize


def feeds_state(program: Program) -> bool:
    """Whether a step's state comes from a product of this step, or a product takes the state as it is."""
    if any(program.operand_state(matmul) is not None for matmul in program.matmuls):
        return True
    ops: Sequence[Op | None] = [None] * program.num_inputs + list(program.ops)
    blocks: list[Block] = [block for part in program.new_state for block in part]
    made = {number for k in range(len(program.matmuls)) for number in program.targets(k)}
    return bool(needed(ops, blocks) & made)
