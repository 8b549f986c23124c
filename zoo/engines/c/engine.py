"""The engine `c`: a step written as C, compiled in less than a second, kept for next time."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, final
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from zoo.engines.autograd.function import run_together
from zoo.engines.base import Engine, PreparedRun, Stepper, is_special, warn_once
from zoo.engines.c.build import CannotCompileError, compiler
from zoo.engines.c.c_ops import ops_without_c
from zoo.engines.c.c_products import C_TYPES
from zoo.engines.c.kernel import CKernel
from zoo.engines.c.stepper import CStepper
from zoo.engines.eager.engine import eager_run
from zoo.engines.program.ir import Program
from zoo.engines.program.simplify import fold_products
from zoo.engines.program.trace import trace
from zoo.engines.recurrence import Lack, Recurrence, Refusal, Sequences, State
from zoo.engines.reference import ReferenceRun


@final
class CEngine(Engine):
    """Programs in C, on the CPU."""

    reason: ClassVar[str] = "its step compiles to C"

    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> PreparedRun:
        if device != "cpu":
            raise Refusal(f"it runs on the CPU, not on {device}")
        run = c_run(fold_products(trace(recurrence)))
        strange = ops_without_c([*run.kernel.program.ops, *run.kernel.layout.back_ops])
        if strange:
            raise Refusal(f"there is no C for {', '.join(strange)}")
        if compiler() is None:  # asked last: whoever gets one has this engine
            raise Lack("there is no C compiler; install gcc or clang, or set CC")
        return run


@final
class CRun(PreparedRun):
    """Runs a program in C where that can be, in either order, and leaves the rest to another engine."""

    def __init__(self, program: Program) -> None:
        self.kernel = CKernel(program)

    def __reduce__(self) -> Any:
        return c_run, (self.kernel.program,)

    @cached_property
    def otherwise(self) -> PreparedRun:
        """What runs where C cannot: what torch transforms or traces, or when nothing compiles."""
        try:
            return eager_run(self.kernel.program)
        except Refusal:
            return ReferenceRun()

    def __call__(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        return self.together([(recurrence, sequences)])[0]

    def stepper(self, recurrence: Recurrence, state: State) -> Stepper:
        is_plain = state[0].dtype in C_TYPES and not torch.is_autocast_enabled("cpu")
        if is_plain and self._can_run(state[0]):
            return CStepper(self.kernel, recurrence, state)
        return super().stepper(recurrence, state)

    def together(self, runs: Sequence[tuple[Recurrence, Sequences]]) -> list[tuple[Tensor, State]]:
        """Runs several recurrences of this program at once, in threads that share the work evenly."""
        # all or none: one call runs them all
        if all(self._can_run(sequences.x) for _, sequences in runs):
            return run_together(self.kernel, runs)
        return self.otherwise.together(runs)

    def _can_run(self, x: Tensor) -> bool:
        dtype = self.kernel.inner(x.dtype)
        if is_special(x) or x.device.type != "cpu" or dtype not in C_TYPES:
            return False
        try:
            # only now: to ask which engine would be taken must not start a compiler
            self.kernel.compiled(dtype)
        except CannotCompileError as error:
            warn_once(f"engine 'c': {error}; using another engine")
            return False
        return True


_ALIVE: "WeakValueDictionary[str, CRun]" = WeakValueDictionary()


def c_run(program: Program) -> CRun:
    """What runs this program; layers of one structure share it, and so do the two directions of each."""
    key = repr(program)  # equal programs may differ in the sign of a zero, and their C with them
    run = _ALIVE.get(key)
    if run is None:
        run = _ALIVE[key] = CRun(program)
    return run
