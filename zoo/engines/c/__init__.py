"""The compiled engine: a step written as C, compiled in less than a second, kept for next time."""

import warnings
from functools import cache

import torch
from torch import Tensor

from zoo.engines import reference
from zoo.engines.autograd.function import run_fused, run_together
from zoo.engines.base import Engine, ForwardOnly, is_special
from zoo.engines.c.build import CannotCompileError, compiler, gemm
from zoo.engines.c.c_ops import unknown
from zoo.engines.c.kernel import REALS, CompiledKernel
from zoo.engines.program.simplify import fold_products
from zoo.engines.program.trace import trace
from zoo.engines.recurrence import Recurrence, Refusal, RunFunction, Sequences, State


class Compiled(Engine):
    """Programs in C, on the CPU."""

    reason = "its step compiles to C"

    def __init__(self, otherwise: Engine) -> None:
        self.otherwise = otherwise

    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> RunFunction:
        if device != "cpu":
            raise Refusal(f"it runs on the CPU, not on {device}")
        if compiler() is None:
            raise Refusal("there is no C compiler; install gcc or clang, or set CC")
        if gemm("float") is None:
            raise Refusal("this build of torch shows no matrix product to call from C")
        kernel = CompiledKernel(fold_products(trace(recurrence)))
        strange = unknown([*kernel.program.ops, *kernel.layout.back_ops])
        if strange:
            raise Refusal(f"there is no C for {', '.join(strange)}")
        try:
            otherwise = self.otherwise.prepare(recurrence)
        except Refusal:
            otherwise = reference.run
        return CompiledRun(kernel, ForwardOnly(otherwise))


class CompiledRun:
    """Runs a compiled program where it can, in either order, and leaves what it cannot to another engine."""

    def __init__(self, kernel: CompiledKernel, otherwise: RunFunction) -> None:
        self.kernel, self.otherwise = kernel, otherwise

    def __call__(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        if not self._can_run(sequences.x):
            return self.otherwise(recurrence, sequences)
        return run_fused(self.kernel, recurrence, sequences)

    def together(self, runs: list[tuple[Recurrence, Sequences]]) -> list[tuple[Tensor, State]]:
        """Runs several recurrences of this program at once, in threads that share the work evenly."""
        if not all(self._can_run(sequences.x) for _, sequences in runs):
            return [self.otherwise(*run) for run in runs]
        return run_together(self.kernel, runs)

    def _can_run(self, x: Tensor) -> bool:
        fits = x.device.type == "cpu" and x.dtype in REALS and not torch.is_autocast_enabled("cpu")
        if is_special(x) or not fits:
            return False
        try:
            self.kernel.compiled(x.dtype)
        except CannotCompileError as error:
            warn_once(f"engine 'compiled': {error}; using another engine")
            return False
        return True


@cache
def warn_once(message: str) -> None:
    """Warns, once for each message."""
    warnings.warn(message, stacklevel=2)
