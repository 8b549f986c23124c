"""The engine `eager`: torch operations step by step, with partial derivatives for all of time at once."""

from typing import ClassVar, final

from zoo.engines.autograd.function import KernelRun
from zoo.engines.base import Engine, PreparedRun
from zoo.engines.eager.kernel import EagerKernel
from zoo.engines.program.ir import ROW_OPS, Program
from zoo.engines.program.simplify import fold_products
from zoo.engines.program.trace import trace
from zoo.engines.recurrence import Recurrence, Refusal


@final
class EagerEngine(Engine):
    """Programs by torch operations."""

    reason: ClassVar[str] = "one operation for all of time, on any device"

    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> PreparedRun:
        return eager_run(fold_products(trace(recurrence)))


def eager_run(program: Program) -> KernelRun:
    """What runs a folded program.

    Raises:
        Refusal: units are mixed between its products, so that their partials are no blocks.
    """
    mixed = {op.name for op in program.ops} & set(ROW_OPS)
    if mixed:
        does = "sums" if mixed == {"row_sum"} else "goes"
        raise Refusal(f"it {does} over its units between its products")
    return KernelRun(EagerKernel(program))
