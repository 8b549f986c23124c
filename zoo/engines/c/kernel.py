"""Calls the library that a program was compiled into."""

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, final

import torch
from torch import Tensor

from zoo.engines.autograd.buffers import BackwardRun, Buffers, Gradients, Kernel, Projected, rows_of
from zoo.engines.c.build import load_library
from zoo.engines.c.c_products import C_TYPES, HALVES, bf16_products, panels, product_library, worth_threads
from zoo.engines.c.c_source import c_source
from zoo.engines.c.inputs import outer, projected, steps_at_once
from zoo.engines.program.ir import Program
from zoo.engines.program.layout import Layout
from zoo.engines.recurrence import Recurrence, Sequences

OPERATION = 8
"""Multiply-adds that take as long as one element-wise operation."""


class CKernel(Kernel):
    """A program in C, compiled when it first runs in a type of numbers."""

    forgets: ClassVar[bool] = True

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.layout = Layout.of(program)
        self._libraries: dict[torch.dtype, ctypes.CDLL] = {}

    def __reduce__(self) -> Any:
        return type(self), (self.program,)

    def project(self, recurrence: Recurrence, sequences: Sequences) -> Projected:
        return projected(recurrence, sequences)

    def inner(self, dtype: torch.dtype) -> torch.dtype:
        return torch.float32 if dtype in HALVES else dtype

    def rounds(self, dtype: torch.dtype) -> bool:
        return dtype == torch.bfloat16 and bf16_products() is not None

    def outer(self, d_product: Tensor, operand: Tensor, back: BackwardRun) -> Tensor:
        if not back.rounded:
            return outer(d_product, operand, back.valid)
        a, b = (rows_of(part, back.valid).bfloat16() for part in (d_product, operand))
        return (a.T @ b).to(d_product.dtype)

    def rows(self, sequences: Sequences) -> Tensor | None:
        return sequences.valid

    def forward(self, buffers: Buffers) -> tuple[Tensor, ...]:
        return self.forward_all([buffers])[0]

    def backward(self, buffers: Buffers, gradients: Gradients) -> None:
        self.backward_all([(buffers, gradients)])

    def forward_all(self, runs: Sequence[Buffers]) -> list[tuple[Tensor, ...]]:
        self.prepared("forward", runs, [forward_tensors(buffers) for buffers in runs])()
        return [tuple(buffers.last(part).clone() for part in buffers.states) for buffers in runs]

    def backward_all(self, runs: Sequence[tuple[Buffers, Gradients]]) -> None:
        threads = self._threads([buffers for buffers, _ in runs])
        spares = [[torch.empty_like(part) for part in gradients.states] for _, gradients in runs]
        # a row for each thread, summed in a fixed order: the result does not depend on which thread is first
        vectors = [buffers.vectors.new_zeros(threads, *buffers.vectors.shape) for buffers, _ in runs]
        tensors = [
            _backward_tensors(buffers, gradients, spare, part)
            for (buffers, gradients), spare, part in zip(runs, spares, vectors, strict=True)
        ]
        if self.program.clips:
            for (buffers, gradients), parts in zip(runs, tensors, strict=True):
                # a pointer, not a number in the source: one library serves every limit
                parts.append(buffers.pre.new_tensor([gradients.limit]))
        self.prepared("backward", [buffers for buffers, _ in runs], tensors)()
        for (buffers, gradients), spare, part in zip(runs, spares, vectors, strict=True):
            gradients.vectors.copy_(part.sum(0))
            if len(buffers.pre) % 2:  # the library swaps the two at every step
                gradients.states[:] = spare

    def compiled(self, dtype: torch.dtype) -> ctypes.CDLL:
        """The library for this type of numbers, compiled now if it has to be.

        Raises:
            CannotCompileError: there is no compiler, or it fails.
        """
        if dtype not in self._libraries:
            real = C_TYPES[dtype]
            product_library(real)
            self._libraries[dtype] = load_library(c_source(self.layout, real), real)
        return self._libraries[dtype]

    def _threads(self, runs: Sequence[Buffers]) -> int:
        """As many as torch may use, and not more than there are rows, or than the work is worth."""
        rows = sum(buffers.pre.shape[1] for buffers in runs)
        work = sum(buffers.steps * buffers.pre.shape[1] * self._row(buffers) for buffers in runs)
        return worth_threads(work, rows)

    def _row(self, buffers: Buffers) -> int:
        """Multiply-adds of one row in one step."""
        products = sum(weight.numel() for weight in buffers.weights)
        products += 0 if buffers.source is None else buffers.source.weight.numel()
        return products + OPERATION * len(self.program.ops) * self.program.width

    def prepared(
        self, name: str, runs: Sequence[Buffers], tensors: Sequence[Sequence[Tensor | None]]
    ) -> "Call":
        """A call of one of the library's functions, for some runs and the tensors that it takes of each."""
        dtype, threads, entries = runs[0].pre.dtype, self._threads(runs), []
        for buffers, parts in zip(runs, tensors, strict=True):
            numbers = [buffers.steps, buffers.pre.shape[1], self.program.width, threads]
            numbers += [buffers.lengths is not None, buffers.resets is not None, buffers.backward, False]
            x = None if buffers.source is None else buffers.source.x
            numbers += [0, buffers.keeps, 0] if x is None else [x.shape[2], buffers.keeps, steps_at_once(x)]
            rows = torch.empty(buffers.pre.shape[1], dtype=torch.long)
            entries.append((numbers, (rows, *parts)))
        products = bf16_products() if runs[0].rounded else None
        products = products or product_library(C_TYPES[dtype]).pointers
        return Call(self.compiled(dtype)[name], entries, products)


@final
class Call:
    """A call of a compiled function that can be repeated.

    Args:
        function: It.
        runs: Integers and tensors of each run.
        functions: Addresses of the functions that each run takes before its tensors.
    """

    def __init__(
        self,
        function: Callable[..., None],
        runs: Sequence[tuple[Sequence[int], Sequence[Tensor | None]]],
        functions: Sequence[int],
    ) -> None:
        self.function = function
        # C gets bare addresses: what they point to lives as long as this object
        self._runs = runs
        self.sizes = [(ctypes.c_int64 * len(numbers))(*numbers) for numbers, _ in runs]
        pointers = [
            [*functions, *(None if part is None else part.data_ptr() for part in tensors)]
            for _, tensors in runs
        ]
        self._pointers = [(ctypes.c_void_p * len(entry))(*entry) for entry in pointers]
        self._arguments = (ctypes.c_int64(len(runs)), _array(self.sizes), _array(self._pointers))

    def __call__(self) -> None:
        self.function(*self._arguments)


def _array(parts: Sequence[ctypes.Array[Any]]) -> ctypes.Array[Any]:
    """An array of pointers to arrays."""
    return (ctypes.c_void_p * len(parts))(*(ctypes.addressof(part) for part in parts))


def forward_tensors(buffers: Buffers) -> list[Tensor | None]:
    """What `forward` takes after what both take, in the order of `names.forward_pointers`."""
    found: list[Tensor | None] = [None] * 4
    if (source := buffers.source) is not None:
        found = [source.x, source.weight, panels(source.weight), source.bias]
    found += [buffers.pre, *buffers.states]
    for entry in zip(
        buffers.weights,
        map(panels, buffers.weights),
        buffers.biases,
        buffers.products,
        buffers.operands,
        strict=True,
    ):
        found += entry
    return [*found, *buffers.vectors, buffers.outputs, buffers.lengths, buffers.resets, *buffers.reset_state]


def _backward_tensors(
    buffers: Buffers, gradients: Gradients, spare: Sequence[Tensor], vectors: Tensor
) -> list[Tensor | None]:
    """What `backward` takes after what both take, in the order of `names.backward_pointers`."""
    # one step of each: an operand's gradient is used up within its step
    operands = [buffers.pre.new_empty(part.shape[1:]) for part in buffers.operands]
    found: list[Tensor | None] = [buffers.pre, *buffers.states]
    for entry in zip(
        buffers.weights,
        map(panels, buffers.weights),
        buffers.products,
        gradients.products,
        operands,
        strict=True,
    ):
        found += entry
    found += [*buffers.vectors, gradients.outputs, gradients.pre, vectors, buffers.lengths, buffers.resets]
    for states in zip(gradients.states, spare, gradients.reset_state, strict=True):
        found += states
    return found
