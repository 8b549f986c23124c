"""The engines, and which of them `auto` takes."""

from torch import Tensor

from zoo.scan import linear, native, reference
from zoo.scan.buffers import Kernel
from zoo.scan.compiled import Compiled, CompiledRun
from zoo.scan.eager import EagerKernel
from zoo.scan.engine import Choice, Engine, InOrder, Reference, is_special
from zoo.scan.fold import fold
from zoo.scan.fused import run_fused
from zoo.scan.recurrence import Recurrence, Run, Sequences, State
from zoo.scan.trace import NotBlockwise, trace
from zoo.scan.triton.build import unavailable
from zoo.scan.triton.expressions import unknown as without_triton
from zoo.scan.triton.kernel import TritonKernel


class Native(Engine):
    """Torch's own kernels."""

    reason = "the equations are exactly those of a torch kernel"

    def refusal(self, recurrence: Recurrence, device: str = "cpu") -> str | None:
        return native.refusal(recurrence)

    def prepare(self, recurrence: Recurrence) -> Run:
        return native.run


class Fused(Engine):
    """Programs by torch operations."""

    reason = "one operation for all of time, on any device"

    def refusal(self, recurrence: Recurrence, device: str = "cpu") -> str | None:
        try:
            kernel = EagerKernel(fold(trace(recurrence)))
        except NotBlockwise as reason:
            return str(reason)
        sums = any(op.name == "row_sum" for op in kernel.program.ops)
        return "it sums over its units between its products" if sums else None

    def prepare(self, recurrence: Recurrence) -> Run:
        return FusedRun(EagerKernel(fold(trace(recurrence))))


class FusedRun:
    """Runs a program by its kernel, and leaves what it cannot to the reference loop."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def __call__(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        assert not sequences.backward
        if is_special(sequences.x):
            return reference.run(recurrence, sequences)
        return run_fused(self.kernel, recurrence, sequences)


class Scan(Engine):
    """A parallel scan, for states that are linear in the ones before them."""

    reason = "its state is linear in the one before, so that no loop over steps is needed"

    def refusal(self, recurrence: Recurrence, device: str = "cpu") -> str | None:
        return linear.refusal(recurrence)

    def prepare(self, recurrence: Recurrence) -> Run:
        return ScanRun(linear.LinearRun(recurrence))


class ScanRun:
    """Runs a linear recurrence by a scan, and leaves what it cannot to the reference loop."""

    def __init__(self, scan: linear.LinearRun) -> None:
        self.scan = scan

    def __call__(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        assert not sequences.backward
        if is_special(sequences.x):
            return reference.run(recurrence, sequences)
        return self.scan(recurrence, sequences)


class Triton(Engine):
    """Programs as Triton kernels; not yet run on a GPU, so that `auto` never takes them."""

    reason = "its step compiles to Triton kernels"

    def refusal(self, recurrence: Recurrence, device: str = "cpu") -> str | None:
        missing = unavailable()
        if missing is not None:
            return missing
        try:
            kernel = TritonKernel(fold(trace(recurrence)))
        except NotBlockwise as reason:
            return str(reason)
        strange = without_triton([*kernel.program.ops, *kernel.layout.back_ops])
        return f"there is no Triton for {', '.join(strange)}" if strange else None

    def prepare(self, recurrence: Recurrence) -> Run:
        return FusedRun(TritonKernel(fold(trace(recurrence)), graphs=True))


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


def pick(name: str, recurrence: Recurrence, device: str = "cpu") -> Choice:
    """The engine to use on a device of this type, and why.

    Args:
        name: "auto" or the name of an engine.
        recurrence: What is to be run.
        device: Type of the device, such as "cpu" or "cuda".

    Raises:
        ValueError: the named engine cannot run this recurrence.
    """
    if name != "auto":
        refusal = ENGINES[name].refusal(recurrence, device)
        if refusal is not None:
            raise ValueError(f"engine {name!r} cannot run this: {refusal}; use engine 'auto' or 'reference'")
        return _chosen(name, "asked for", recurrence)
    order = PREFERENCE.get(device, ELSEWHERE)
    chosen = next(key for key in order if ENGINES[key].refusal(recurrence, device) is None)
    return _chosen(chosen, ENGINES[chosen].reason, recurrence)


def _chosen(name: str, reason: str, recurrence: Recurrence) -> Choice:
    run = ENGINES[name].prepare(recurrence)
    return Choice(name, reason, run if isinstance(run, CompiledRun) else InOrder(run))


def run_all(choices: list[Choice], runs: list[tuple[Recurrence, Sequences]]) -> list[tuple[Tensor, State]]:
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
