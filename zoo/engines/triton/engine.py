"""The engine `triton`: a step written as GPU kernels."""

from typing import ClassVar, final

from zoo.engines.base import Engine, PreparedRun
from zoo.engines.program.simplify import fold_products
from zoo.engines.program.trace import trace
from zoo.engines.recurrence import Recurrence, Refusal
from zoo.engines.triton.build import unavailable


@final
class TritonEngine(Engine):
    """Programs as Triton kernels; not yet run on a GPU, so that `auto` never takes them."""

    reason: ClassVar[str] = "its step compiles to Triton kernels"

    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> PreparedRun:
        missing = unavailable()
        if missing is not None:
            raise Refusal(missing)
        # ten files that a machine where no kernel can run never needs
        from zoo.engines.triton.kernel import triton_run

        return triton_run(fold_products(trace(recurrence)))
