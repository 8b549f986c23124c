"""Calls the compiled library of a program."""

import ctypes
from collections.abc import Sequence

import torch
from torch import Tensor

from zoo.scan.buffers import Buffers, Kernel, Slopes
from zoo.scan.compiled.build import gemm, load
from zoo.scan.compiled.layout import Layout
from zoo.scan.compiled.source import source
from zoo.scan.program import Program

REALS = {torch.float32: "float", torch.float64: "double"}
"""The types that there is a library for."""


class CompiledKernel(Kernel):
    """A program in C, compiled when it first runs in a type of numbers."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.layout = Layout.of(program)
        self._libraries: dict[torch.dtype, ctypes.CDLL] = {}

    def forward(self, buffers: Buffers) -> tuple[Tensor, ...]:
        pointers = [*buffers.states]
        for entry in zip(buffers.weights, buffers.products, buffers.operands, strict=True):
            pointers += entry
        pointers += [*buffers.vectors, buffers.outputs]
        self._call("forward", buffers, [*pointers, buffers.lengths, buffers.resets, *buffers.fresh])
        return tuple(part[-1].clone() for part in buffers.states)

    def backward(self, buffers: Buffers, slopes: Slopes) -> None:
        threads = self._threads(buffers)
        operands = [buffers.pre.new_empty(part.shape[1:]) for part in buffers.operands]
        spare = [torch.empty_like(part) for part in slopes.states]
        vectors = buffers.vectors.new_zeros(threads, *buffers.vectors.shape)
        pointers = [*buffers.states]
        for entry in zip(buffers.weights, buffers.products, slopes.products, operands, strict=True):
            pointers += entry
        pointers += [*buffers.vectors, slopes.outputs, slopes.pre, vectors]
        states = [part for entry in zip(slopes.states, spare, slopes.fresh, strict=True) for part in entry]
        self._call("backward", buffers, [*pointers, buffers.lengths, buffers.resets, *states])
        slopes.vectors.copy_(vectors.sum(0))
        if len(buffers.pre) % 2:  # the library swaps the two at every step
            slopes.states[:] = spare

    def _threads(self, buffers: Buffers) -> int:
        return max(1, min(torch.get_num_threads(), buffers.pre.shape[1]))

    def _call(self, name: str, buffers: Buffers, tensors: Sequence[Tensor | None]) -> None:
        time, batch_size, _ = buffers.pre.shape
        sizes = [time, batch_size, self.program.width, self._threads(buffers)]
        sizes += [buffers.lengths is not None, buffers.resets is not None, *buffers.biased]
        addresses = [None if part is None else part.data_ptr() for part in (buffers.pre, *tensors)]
        call = self._library(buffers.pre.dtype)[name]
        call(
            (ctypes.c_long * len(sizes))(*sizes),
            (ctypes.c_void_p * (len(addresses) + 1))(gemm(REALS[buffers.pre.dtype]), *addresses),
        )

    def _library(self, dtype: torch.dtype) -> ctypes.CDLL:
        if dtype not in self._libraries:
            real = REALS[dtype]
            self._libraries[dtype] = load(source(self.layout, real), real)
        return self._libraries[dtype]
