"""Calls the library that a program was compiled into."""

import ctypes
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from zoo.engines.autograd.buffers import Buffers, Gradients, Kernel
from zoo.engines.c.build import load_library
from zoo.engines.c.c_products import product_functions
from zoo.engines.c.c_source import c_source
from zoo.engines.program.ir import Program
from zoo.engines.program.layout import Layout

SHARE = 16e6
"""Multiply-adds that are worth a thread: with fewer, one that wakes late costs more than it brings."""
OPERATION = 8
"""Multiply-adds that take as long as one element-wise operation."""
PANEL = 16
"""The most numbers of a vector, to a whole number of which a packed weight is filled up."""
C_TYPES = {torch.float32: "float", torch.float64: "double"}
"""The types that there is a library for."""


class CKernel(Kernel):
    """A program in C, compiled when it first runs in a type of numbers."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.layout = Layout.of(program)
        self._libraries: dict[torch.dtype, ctypes.CDLL] = {}

    def __reduce__(self) -> Any:
        return type(self), (self.program,)

    def forward(self, buffers: Buffers) -> tuple[Tensor, ...]:
        return self.forward_all([buffers])[0]

    def backward(self, buffers: Buffers, gradients: Gradients) -> None:
        self.backward_all([(buffers, gradients)])

    def forward_all(self, runs: Sequence[Buffers]) -> list[tuple[Tensor, ...]]:
        self._call("forward", runs, [_forward_tensors(buffers) for buffers in runs])
        return [
            tuple(part[0 if buffers.backward else -1].clone() for part in buffers.states) for buffers in runs
        ]

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
        self._call("backward", [buffers for buffers, _ in runs], tensors)
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
            product_functions(real)
            self._libraries[dtype] = load_library(c_source(self.layout, real), real)
        return self._libraries[dtype]

    def _threads(self, runs: Sequence[Buffers]) -> int:
        """As many as torch may use, and not more than there are rows, or than the work is worth."""
        rows = sum(buffers.pre.shape[1] for buffers in runs)
        worth = sum(len(buffers.pre) * buffers.pre.shape[1] * self._row(buffers) for buffers in runs) / SHARE
        return max(1, min(torch.get_num_threads(), rows, int(worth)))

    def _row(self, buffers: Buffers) -> int:
        """Multiply-adds of one row in one step."""
        products = sum(weight.numel() for weight in buffers.weights)
        return products + OPERATION * len(self.program.ops) * self.program.width

    def _call(self, name: str, runs: Sequence[Buffers], tensors: Sequence[Sequence[Tensor | None]]) -> None:
        dtype, threads = runs[0].pre.dtype, self._threads(runs)
        called = product_functions(C_TYPES[dtype])
        sizes, addresses = [], []
        rows = [torch.empty(buffers.pre.shape[1], dtype=torch.long) for buffers in runs]
        for buffers, parts, numbers_of_rows in zip(runs, tensors, rows, strict=True):
            numbers = [*buffers.pre.shape[:2], self.program.width, threads]
            numbers += [
                buffers.lengths is not None,
                buffers.resets is not None,
                buffers.backward,
                *buffers.biased,
            ]
            pointers = [
                *called,
                *(None if part is None else part.data_ptr() for part in (numbers_of_rows, *parts)),
            ]
            sizes.append((ctypes.c_long * len(numbers))(*numbers))
            addresses.append((ctypes.c_void_p * len(pointers))(*pointers))
        # C gets bare addresses: the lists above keep what they point to alive until it returns
        self.compiled(dtype)[name](ctypes.c_long(len(runs)), _array(sizes), _array(addresses))


def _array(parts: Sequence[ctypes.Array[Any]]) -> ctypes.Array[Any]:
    """An array of pointers to arrays."""
    return (ctypes.c_void_p * len(parts))(*(ctypes.addressof(part) for part in parts))


def _forward_tensors(buffers: Buffers) -> list[Tensor | None]:
    """What `forward` takes after the matrix product, in the order of `c_source.forward_names`."""
    found: list[Tensor | None] = [buffers.pre, *buffers.states]
    for entry in zip(buffers.weights, _packed(buffers), buffers.products, buffers.operands, strict=True):
        found += entry
    return [*found, *buffers.vectors, buffers.outputs, buffers.lengths, buffers.resets, *buffers.reset_state]


def _backward_tensors(
    buffers: Buffers, gradients: Gradients, spare: Sequence[Tensor], vectors: Tensor
) -> list[Tensor | None]:
    """What `backward` takes after the matrix product, in the order of `c_source.backward_names`."""
    # one step of each: an operand's gradient is used up within its step
    operands = [buffers.pre.new_empty(part.shape[1:]) for part in buffers.operands]
    found: list[Tensor | None] = [buffers.pre, *buffers.states]
    for entry in zip(
        buffers.weights, _packed(buffers), buffers.products, gradients.products, operands, strict=True
    ):
        found += entry
    found += [*buffers.vectors, gradients.outputs, gradients.pre, vectors, buffers.lengths, buffers.resets]
    for states in zip(gradients.states, spare, gradients.reset_state, strict=True):
        found += states
    return found


def _packed(buffers: Buffers) -> list[Tensor]:
    """Room for each weight in panels, whichever way it is packed."""
    return [buffers.pre.new_empty(weight.numel() + PANEL * max(weight.shape)) for weight in buffers.weights]
