"""A step taken apart: the operations on blocks of H units that lie between its recurrent products."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any, TypeAlias

import torch
from torch import Tensor

from zoo.engines.recurrence import Refusal

Block: TypeAlias = "Ref | float | int | bool"
"""What an operation takes: a value of the program, or a constant."""

Blocks: TypeAlias = "tuple[Block, ...]"
"""The blocks of a tensor, side by side."""

# fmt: off
PRIMITIVES = frozenset([
    "abs", "add", "bitwise_and", "bitwise_not", "bitwise_or", "clamp_max", "clamp_min", "cos", "detach",
    "div", "eq", "erf", "exp", "expm1", "floor", "ge", "gt", "le", "log", "log1p", "logical_and",
    "logical_not", "logical_or", "lt", "maximum", "minimum", "mul", "ne", "neg", "pow", "reciprocal", "relu",
    "rsqrt", "rsub", "sigmoid", "sigmoid_backward", "sign", "sin", "sqrt", "sub", "tanh", "tanh_backward",
    "threshold_backward", "where",
])
# fmt: on
"""Operations that every kernel has; others are taken apart into these where torch says how."""

ROW_OPS: dict[str, Callable[[Tensor], Tensor]] = {
    "row_sum": lambda block: block.sum(-1, keepdim=True),
    "row_max": lambda block: block.amax(-1, keepdim=True),
    "row_cumsum": lambda block: block.cumsum(-1),
    "row_flip": lambda block: block.flip(-1),
}
"""Operations over the H units of a row: the first two give a number per row, the others a block."""
ROW_NUMBERS = ("row_sum", "row_max")


class NotBlockwise(Refusal):
    """A step does something that is not an operation on blocks of H units; the message says what."""


@dataclass(frozen=True)
class Ref:
    """The value with this number: an input of the program, or the result of one of its operations."""

    index: int


@dataclass(frozen=True)
class Op:
    """One operation on blocks (..., H), or on numbers per row (..., 1).

    Attributes:
        name: An aten overload, such as "mul.Tensor"; or one of `ROW_OPS`.
        args: Its arguments.
        alpha: Factor of the second argument, in an addition or a subtraction.
    """

    name: str
    args: tuple[Block, ...]
    alpha: float = 1.0

    @property
    def sources(self) -> list[int]:
        """The numbers of the values that it takes."""
        return [arg.index for arg in self.args if isinstance(arg, Ref)]

    def __call__(self, *args: Any) -> Any:
        """The result for these arguments."""
        if self.name in ROW_OPS:
            return ROW_OPS[self.name](args[0])
        if self.alpha != 1:
            return _aten(self.name)(*args, alpha=self.alpha)
        return _aten(self.name)(*args)


@cache
def _aten(name: str) -> Any:
    packet, overload = name.split(".")
    if packet == "where":
        return _where
    found = getattr(getattr(torch.ops.aten, packet), overload)
    return partial(_of_tensors, found) if packet in ("maximum", "minimum") else found


def _of_tensors(function: Callable[..., Tensor], *args: Tensor | float | int) -> Tensor:
    """A function that takes no numbers, of one or two tensors and a number."""
    (first, *_) = (arg for arg in args if isinstance(arg, Tensor))
    return function(*(arg if isinstance(arg, Tensor) else first.new_full((), arg) for arg in args))


def _where(condition: Tensor, yes: Tensor | float | int, no: Tensor | float | int) -> Tensor:
    """torch's choice; of two numbers exactly, and not in the default type."""
    if not isinstance(yes, Tensor) and not isinstance(no, Tensor):
        yes, no = (torch.scalar_tensor(value, dtype=torch.float64) for value in (yes, no))
    return torch.where(condition, yes, no)


@dataclass(frozen=True)
class Matmul:
    """One recurrent product of a step.

    Attributes:
        gates: Which rows of the recurrent weights.
        operand: The blocks that are multiplied.
        result: Numbers of the blocks of the product; none where it is added into the input product.
        rows: How many blocks the product has.
        into: The first block of the input product that it is added into, or None.
    """

    gates: str
    operand: tuple[Block, ...]
    result: tuple[int, ...]
    rows: int
    into: int | None = None


@dataclass(frozen=True, kw_only=True)
class Program:
    """A step as operations on blocks of H units.

    Its inputs are numbered from 0: the blocks of the input product, of the state, of the vectors, and of
    the results of the recurrent products, each (..., H).

    Attributes:
        width: H.
        pre: Numbers of the blocks of the input product.
        state: Numbers of the blocks of each tensor of the state.
        vectors: Numbers of the blocks of the vectors, and of what is computed from them alone.
        matmuls: The recurrent products, in the order in which the step takes them.
        ops: The operations; the result of the first has the number after the last input.
        output: The blocks of the output.
        new_state: The blocks of each tensor of the new state.
        prologue: What is computed once, from the blocks of the recurrence's vectors alone.
        prologue_values: The numbers, among the prologue's values, of the blocks in `vectors`.
        clips: Whether the gradient that the step sends to the state before it is clipped.
    """

    width: int
    pre: tuple[int, ...]
    state: tuple[tuple[int, ...], ...]
    vectors: tuple[int, ...]
    matmuls: tuple[Matmul, ...]
    ops: tuple[Op, ...]
    output: tuple[Block, ...]
    new_state: tuple[tuple[Block, ...], ...]
    prologue: tuple[Op, ...]
    prologue_values: tuple[int, ...]
    clips: bool = False

    @property
    def inputs(self) -> list[int]:
        """The numbers of the inputs, from 0."""
        return list(range(self.num_inputs))

    def operand_state(self, matmul: Matmul) -> int | None:
        """Which tensor of the state this product multiplies, or None where its operand is computed."""
        states: list[tuple[Block, ...]] = [tuple(Ref(number) for number in part) for part in self.state]
        return states.index(matmul.operand) if matmul.operand in states else None

    def targets(self, k: int) -> tuple[int, ...]:
        """The numbers of the inputs that the k-th product is, or is added into."""
        matmul = self.matmuls[k]
        return matmul.result if matmul.into is None else self.pre[matmul.into : matmul.into + matmul.rows]

    @property
    def output_state(self) -> int | None:
        """Which tensor of the new state is the output, or None."""
        return self.new_state.index(self.output) if self.output in self.new_state else None

    @cached_property
    def num_inputs(self) -> int:
        """How many blocks go in."""
        blocks = [*self.state, *(matmul.result for matmul in self.matmuls)]
        return len(self.pre) + len(self.vectors) + sum(len(part) for part in blocks)

    def fixed(self, vectors: Sequence[Tensor]) -> list[Tensor]:
        """The blocks (H,) of `vectors` in the program's inputs, from the vectors of the recurrence."""
        raw = [
            block
            for vector in vectors
            # others, such as masks of booleans, have no number in a program, see `trace`
            if vector.is_floating_point()
            for block in blocks_of(vector.expand(self.width) if len(vector) == 1 else vector, self.width)
        ]
        values = run_ops(self.prologue, raw)
        return [values[number].expand(self.width) for number in self.prologue_values]

    @property
    def results(self) -> tuple[tuple[Block, ...], ...]:
        """What comes out of the operations: the output, the new state, the operands of the products."""
        return (self.output, *self.new_state, *(matmul.operand for matmul in self.matmuls))


def run_ops(ops: Sequence[Op], inputs: Sequence[Any]) -> list[Any]:
    """The values of a program: its inputs, and the result of each operation."""
    values = list(inputs)
    for op in ops:
        values.append(op(*(values[arg.index] if isinstance(arg, Ref) else arg for arg in op.args)))
    return values


def blocks_of(tensor: Tensor, width: int) -> tuple[Tensor, ...]:
    """The blocks (..., H) of a tensor (..., n H)."""
    return tensor.reshape(*tensor.shape[:-1], tensor.shape[-1] // width, width).unbind(-2)
