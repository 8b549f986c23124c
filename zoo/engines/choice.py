"""The engines, and which of them `auto` takes."""

from contextlib import suppress
from functools import partial

from torch import Tensor

from zoo.engines import native, scan
from zoo.engines.autograd.function import run_fused
from zoo.engines.base import ChosenEngine, Engine, ForwardOnly, OrReference, Reference
from zoo.engines.c import Compiled, CompiledRun
from zoo.engines.eager.kernel import EagerKernel
from zoo.engines.program.simplify import fold_products
from zoo.engines.program.trace import trace
from zoo.engines.recurrence import Recurrence, Refusal, RunFunction, Sequences, State
from zoo.engines.triton.build import unavailable
from zoo.engines.triton.expressions import unknown as without_triton
from zoo.engines.triton.kernel import TritonKernel


class Native(Engine):
    """Torch's own kernels."""

    reason = "the equations are exactly those of a torch kernel"

    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> RunFunction:
        reason = native.refusal(recurrence)
        if reason is not None:
            raise Refusal(reason)
        return native.run


class Fused(Engine):
    """Programs by torch operations."""

    reason = "one operation for all of time, on any device"

    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> RunFunction:
        program = fold_products(trace(recurrence))
        if any(op.name == "row_sum" for op in program.ops):
            raise Refusal("it sums over its units between its products")
        return OrReference(partial(run_fused, EagerKernel(program)))


class Scan(Engine):
    """A parallel scan, for states that are linear in the ones before them."""

    reason = "its state is linear in the one before, so that no loop over steps is needed"

    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> RunFunction:
        reason = scan.refusal(recurrence)
        if reason is not None:
            raise Refusal(reason)
        return OrReference(scan.LinearRun(recurrence))


class Triton(Engine):
    """Programs as Triton kernels; not yet run on a GPU, so that `auto` never takes them."""

    reason = "its step compiles to Triton kernels"

    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> RunFunction:
        missing = unavailable()
        if missing is not None:
            raise Refusal(missing)
        kernel = TritonKernel(fold_products(trace(recurrence)), graphs=True)
        strange = without_triton([*kernel.program.ops, *kernel.layout.back_ops])
        if strange:
            raise Refusal(f"there is no Triton for {', '.join(strange)}")
        return OrReference(partial(run_fused, kernel))


_fused = Fused()
ENGINES: dict[str, Engine] = {
    "native": Native(),
    "compiled": Compiled(_fused),
    "scan": Scan(),
    "fused": _fused,
    "triton": Triton(),
    "reference": Reference(),
}
"""Name -> engine."""

PREFERENCE = {"cpu": ("compiled", "native", "scan", "fused", "reference")}
"""Type of device -> the engines there, from the one `auto` likes best to the one that always works.

On the CPU our C takes as long as torch's LSTM kernel, and a quarter of the time of its GRU and tanh kernels
at H = 64 (`zoo bench lstm gru elman`); it also runs both directions at once, and resets cost it nothing."""

ELSEWHERE = ("native", "scan", "fused", "reference")
"""The same for all other devices."""


def pick(name: str, recurrence: Recurrence, device: str = "cpu") -> ChosenEngine:
    """The engine to use on a device of this type, and why.

    Args:
        name: "auto" or the name of an engine.
        recurrence: What is to be run.
        device: Type of the device, such as "cpu" or "cuda".

    Raises:
        ValueError: the named engine cannot run this recurrence.
    """
    if name != "auto":
        try:
            return _chosen(name, "asked for", recurrence, device)
        except Refusal as reason:
            message = f"engine {name!r} cannot run this: {reason}; use engine 'auto' or 'reference'"
            raise ValueError(message) from None
    for key in PREFERENCE.get(device, ELSEWHERE):
        with suppress(Refusal):
            return _chosen(key, ENGINES[key].reason, recurrence, device)
    raise AssertionError("the reference loop runs every cell")


def _chosen(name: str, reason: str, recurrence: Recurrence, device: str) -> ChosenEngine:
    run = ENGINES[name].prepare(recurrence, device)
    return ChosenEngine(name, reason, run if isinstance(run, CompiledRun) else ForwardOnly(run))


def run_all(
    choices: list[ChosenEngine], runs: list[tuple[Recurrence, Sequences]]
) -> list[tuple[Tensor, State]]:
    """Runs the directions of a layer: at once where their engine can, one after the other where not."""
    first, last = choices[0].run, choices[-1].run
    if (
        len(runs) > 1
        and isinstance(first, CompiledRun)
        and isinstance(last, CompiledRun)
        and first.kernel.program == last.kernel.program
    ):
        return first.together(runs)
    return [choice.run(*run) for choice, run in zip(choices, runs, strict=True)]
