"""Runs a program as Triton kernels.

Tested through Triton's interpreter on the CPU and compiled for GPUs, but neither run nor measured on one: the
sizes in `zoo.engines.triton.plan` are estimates.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from zoo.engines.autograd.buffers import Buffers, Gradients, Kernel
from zoo.engines.autograd.function import KernelRun
from zoo.engines.program.ir import Program
from zoo.engines.program.layout import Layout
from zoo.engines.recurrence import Refusal
from zoo.engines.triton.build import load_kernels
from zoo.engines.triton.expressions import ops_without_triton
from zoo.engines.triton.graphs import Launch, Recorded, Tensors, cuda_graph, sliced
from zoo.engines.triton.launches import Launches, kernel_source
from zoo.engines.triton.plan import KernelPlan

GRAPH_STEPS = 32
"""Steps in one recorded graph: a replay then costs little beside them, and one graph serves every T."""


class TritonKernel(Kernel):
    """A program as Triton kernels; see `KernelPlan` for the three ways in which they run.

    Args:
        program: A folded program.
        graphs: Whether chunks of steps are recorded as CUDA graphs, where it runs step by step on CUDA.
        record: What records them.
    """

    def __init__(
        self, program: Program, graphs: bool = False, record: Callable[[Launch], Launch] = cuda_graph
    ) -> None:
        super().__init__(program)
        self.layout = Layout.of(program)
        self.graphs, self.record = graphs, record
        self._built: dict[torch.dtype, tuple[KernelPlan, ModuleType]] = {}
        self._recorded: dict[Any, Recorded] = {}

    def __reduce__(self) -> Any:
        return type(self), (self.program, self.graphs, self.record)

    def plan(self, dtype: torch.dtype) -> KernelPlan:
        """How this program runs in numbers of this type."""
        return KernelPlan.of(self.layout, dtype)

    def forward(self, buffers: Buffers) -> tuple[Tensor, ...]:
        if buffers.pre.numel():
            if buffers.resets is not None:  # the kernels renew the state behind a step, for the next one
                for part, reset_state in zip(buffers.states, buffers.reset_state, strict=True):
                    part[0] = torch.where(buffers.resets[0].unsqueeze(-1), reset_state, part[0])
            self._run(Launches(*self._kernels(buffers.pre.dtype), buffers))
        return tuple(part[-1].clone() for part in buffers.states)

    def backward(self, buffers: Buffers, gradients: Gradients) -> None:
        # without a step the final states' gradients are already those of the initial ones
        if not buffers.pre.numel():
            return
        launches = Launches(*self._kernels(buffers.pre.dtype), buffers, gradients)
        self._run(launches)
        gradients.vectors.copy_(launches.vector_gradients())
        if self.program.clips:  # the kernels clip what the step before them sends
            self._clip_first(buffers, gradients)
        if buffers.resets is not None:
            renewed = buffers.resets[0].unsqueeze(-1)
            for reset_state, slope in zip(gradients.reset_state, gradients.states, strict=True):
                reset_state += torch.where(renewed, slope, 0)
                slope.masked_fill_(renewed, 0)

    def _clip_first(self, buffers: Buffers, gradients: Gradients) -> None:
        """Clips what the first step sends to the state before it."""
        for slope in gradients.states:
            clipped = slope.clamp(-gradients.limit, gradients.limit)
            if buffers.lengths is not None:
                clipped = torch.where((buffers.lengths > 0).unsqueeze(-1), clipped, slope)
            slope.copy_(clipped)

    def _kernels(self, dtype: torch.dtype) -> tuple[KernelPlan, ModuleType]:
        if dtype not in self._built:
            plan = self.plan(dtype)
            self._built[dtype] = plan, load_kernels(kernel_source(plan))
        return self._built[dtype]

    def _run(self, launches: Launches) -> None:
        time, tensors = launches.time, launches.tensors
        with torch.cuda.device_of(launches.buffers.pre):  # type: ignore[no-untyped-call]
            if launches.plan.kind != "steps":
                launches.run(tensors, 0, time)
                return
            recordable = launches.buffers.pre.is_cuda or self.record is not cuda_graph
            chunks = time // GRAPH_STEPS if self.graphs and recordable else 0
            order = [(k * GRAPH_STEPS, GRAPH_STEPS) for k in range(chunks)]
            order += [(t, 1) for t in range(chunks * GRAPH_STEPS, time)]
            for first, count in order if launches.gradients is None else reversed(order):
                if count == 1:
                    launches.run(tensors, first, 1)
                else:
                    self._replay(launches, sliced(tensors, launches.timed, first, count))

    def _replay(self, launches: Launches, live: Tensors) -> None:
        """Runs a chunk of steps as it was recorded for these shapes, or records it now."""
        steps = list(range(GRAPH_STEPS))
        if launches.gradients is not None:
            steps.reverse()

        def every(held: Tensors) -> None:
            for t in steps:
                launches.run(held, t, 1)

        device = launches.buffers.pre.device
        biased = tuple(bias is not None for bias in launches.buffers.biases)
        shapes = tuple(
            (name, None if part is None else (part.shape, part.dtype)) for name, part in live.items()
        )
        # a graph repeats what it has seen: one for each device, choice of products and shape
        key = (device, biased, shapes)
        if key not in self._recorded:
            self._recorded[key] = Recorded(every, live, launches.written, self.record)
        self._recorded[key](live)


def triton_run(program: Program) -> KernelRun:
    """What runs a folded program.

    Raises:
        Refusal: there is no Triton for an operation.
    """
    kernel = TritonKernel(program, graphs=True)
    strange = ops_without_triton([*program.ops, *kernel.layout.back_ops])
    if strange:
        raise Refusal(f"there is no Triton for {', '.join(strange)}")
    return KernelRun(kernel)
