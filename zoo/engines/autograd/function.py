"""A program as one operation of torch's autograd: a kernel runs it, and weight gradients wait for the end."""

from collections.abc import Sequence
from typing import Any, final

import torch
from torch import Tensor

from zoo.engines.autograd.allocation import allocate
from zoo.engines.autograd.buffers import BackwardRun, Buffers, Gradients, Inputs, Kernel, Source
from zoo.engines.autograd.double_backward import double_backward
from zoo.engines.autograd.pages import empty
from zoo.engines.base import ForwardRun, is_special
from zoo.engines.gradient_clip import limit_in
from zoo.engines.program.ir import Program
from zoo.engines.recurrence import Recurrence, Sequences, State
from zoo.engines.reference import run_reference

PRODUCTS = (
    "InputProductsBackward",
    "AddmmBackward0",
    "MmBackward0",
    "AddBackward0",
    "CatBackward0",
    "ToCopyBackward0",
)
VIEWS = ("ViewBackward0", "UnsafeViewBackward0")
"""Makers of a tensor that do not read it again for their own gradient."""


@final
class KernelRun(ForwardRun):
    """Runs a program by a kernel that only runs forward in time.

    Args:
        kernel: Of the program.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def forward(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        if is_special(sequences.x):
            return run_reference(recurrence, sequences)
        return run_together(self.kernel, [(recurrence, sequences)])[0]


def run_together(kernel: Kernel, runs: Sequence[tuple[Recurrence, Sequences]]) -> list[tuple[Tensor, State]]:
    """Runs several recurrences of one program at once, such as the two directions of a layer."""
    # projected outside the operation: autograd takes that product's gradient for all steps at once
    projected = [kernel.project(*run) for run in runs]
    given = [
        inputs_of(kernel, recurrence, sequences, found.pre)
        for (recurrence, sequences), found in zip(runs, projected, strict=True)
    ]
    dtype, sources = projected[0].pre.dtype, [found.source for found in projected]
    # all is of one type by now, and must stay so: kernels read bare memory
    with torch.autocast(given[0].pre.device.type, enabled=False):
        if torch.is_grad_enabled():
            flat = [part for each in given for part in each.flat()]
            results = RunProgram.apply(kernel, runs, sources, kernel.rounds(dtype), *flat)  # type: ignore[no-untyped-call]
        else:
            results = _run(kernel, _allocated(kernel, runs, given, sources, kernel.rounds(dtype)))
        results = [part.to(dtype) for part in results]
    count = 1 + len(kernel.program.state)
    return [(results[k], tuple(results[k + 1 : k + count])) for k in range(0, len(results), count)]


def inputs_of(kernel: Kernel, recurrence: Recurrence, sequences: Sequences, pre: Tensor) -> Inputs:
    """What a run is differentiable in, of the type in which the kernel computes with these input products."""
    program, pre = kernel.program, _overwritable(pre.to(kernel.inner(pre.dtype)), sequences.x)
    assert pre.shape[-1] == len(program.pre) * program.width, "the program is of another recurrence"
    maps = [recurrence.recurrent(matmul.gates) for matmul in program.matmuls]
    return Inputs(
        pre=pre,
        state=tuple(part.to(pre.dtype) for part in sequences.state),
        reset_state=tuple(part.to(pre.dtype) for part in sequences.reset_state),
        vectors=tuple(
            part.to(pre.dtype) if part.is_floating_point() else part for part in recurrence.vectors
        ),
        weights=tuple(weight.to(pre.dtype) for weight, _ in maps),
        biases=tuple(None if bias is None else bias.to(pre.dtype) for _, bias in maps),
    )


def _overwritable(pre: Tensor, x: Tensor) -> Tensor:
    """The input products, contiguous, in memory that nobody reads again."""
    # a cell may project by passing its input on: then this memory is the caller's
    maker, shared = pre.grad_fn, pre.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
    while maker is not None and type(maker).__name__ in VIEWS:
        maker = maker.next_functions[0][0]
    reset_state = not pre.requires_grad if maker is None else type(maker).__name__ in PRODUCTS
    return (
        pre.contiguous() if reset_state and not shared else pre.clone(memory_format=torch.contiguous_format)
    )


class RunProgram(torch.autograd.Function):
    """Outputs and final states of several runs of a program, one run after the other."""

    @staticmethod
    def forward(
        ctx: Any,
        kernel: Kernel,
        runs: Sequence[tuple[Recurrence, Sequences]],
        sources: Sequence[Source | None],
        rounded: bool,
        *flat: Any,
    ) -> Any:
        """Runs the kernel and keeps what its derivative needs."""
        given = [Inputs.of(kernel.program, part) for part in _pieces(flat, len(runs))]
        buffers = _allocated(kernel, runs, given, sources, rounded, keeps=True)
        for each in buffers:
            if not each.pre.is_inference():
                torch.autograd.graph.increment_version(each.pre)  # autograd does not see what a kernel writes
        results = _run(kernel, buffers)
        ctx.kernel = kernel
        ctx.settings = [
            {
                "lengths": each.lengths,
                "resets": each.resets,
                "backward": each.backward,
                "valid": kernel.rows(sequences),
                "limit": recurrence.gradient_clip,
                "rounded": rounded,
            }
            for each, (recurrence, sequences) in zip(buffers, runs, strict=True)
        ]
        made = [part for each in buffers for part in each.made()]
        ctx.save_for_backward(*flat, *made)
        ctx.count_given = len(flat)
        return results

    @staticmethod
    def backward(ctx: Any, *d_results: Tensor) -> Any:
        """Runs the kernel's derivative, or the reference loop's where that is to be differentiated again."""
        program, count = ctx.kernel.program, len(ctx.settings)
        saved = ctx.saved_tensors  # once: checkpointing allows no more
        flat, made = saved[: ctx.count_given], saved[ctx.count_given :]
        backs = [
            BackwardRun(given=Inputs.of(program, part), made=kept, d_results=gradients, **settings)
            for part, kept, gradients, settings in zip(
                _pieces(flat, count),
                _pieces(made, count),
                _pieces(d_results, count),
                ctx.settings,
                strict=True,
            )
        ]
        # in a backward pass gradients are on only if these are to be differentiated again
        if torch.is_grad_enabled():
            found = [double_backward(program, back) for back in backs]
        else:
            found = _once(ctx.kernel, backs)
        return None, None, None, None, *(part for each in found for part in each)


def _pieces(flat: tuple[Any, ...], count: int) -> list[tuple[Any, ...]]:
    """A tuple in so many equal parts."""
    size = len(flat) // count
    return [flat[k * size : (k + 1) * size] for k in range(count)]


def _allocated(
    kernel: Kernel,
    runs: Sequence[tuple[Recurrence, Sequences]],
    given: Sequence[Inputs],
    sources: Sequence[Source | None],
    rounded: bool,
    keeps: bool = False,
) -> list[Buffers]:
    return [
        allocate(kernel, part, sequences, source, rounded=rounded, keeps=keeps or not kernel.forgets)
        for part, (_, sequences), source in zip(given, runs, sources, strict=True)
    ]


def _run(kernel: Kernel, buffers: Sequence[Buffers]) -> tuple[Tensor, ...]:
    """The outputs and final states of each run."""
    final = kernel.forward_all(buffers)
    return tuple(part for each, last in zip(buffers, final, strict=True) for part in (each.outputs, *last))


def _once(kernel: Kernel, backs: Sequence[BackwardRun]) -> list[tuple[Tensor | None, ...]]:
    """The gradients of all that was given, by the kernel."""
    program = kernel.program
    runs = []
    for back in backs:
        buffers = back.buffers(program)
        gradients = Gradients(
            outputs=back.d_results[0].contiguous(),
            # copies, for the kernel writes into them, and these are the caller's
            states=[part.clone(memory_format=torch.contiguous_format) for part in back.d_results[1:]],
            pre=empty(buffers.pre, *buffers.pre.shape),
            products=tuple(empty(part, *part.shape) for part in buffers.products),
            vectors=torch.zeros_like(buffers.vectors),
            reset_state=tuple(part.new_zeros(part.shape) for part in buffers.reset_state),
            limit=limit_in(buffers.pre.dtype, back.limit),
        )
        runs.append((buffers, gradients))
    kernel.backward_all(runs)
    found = []
    for back, (buffers, gradients) in zip(backs, runs, strict=True):
        d_weights, d_biases = _of_products(kernel, back, buffers, gradients)
        d_vectors = _through_prologue(program, back.given.vectors, gradients.vectors)
        found.append(
            (gradients.pre, *gradients.states, *gradients.reset_state, *d_vectors, *d_weights, *d_biases)
        )
    return found


def _of_products(
    kernel: Kernel, back: BackwardRun, buffers: Buffers, gradients: Gradients
) -> tuple[list[Tensor], list[Tensor | None]]:
    """The gradients of the recurrent weights and biases, over all steps in one product each."""
    program, d_weights = kernel.program, list[Tensor]()
    d_biases: list[Tensor | None] = []
    for k, (matmul, bias) in enumerate(zip(program.matmuls, back.given.biases, strict=True)):
        first = (matmul.into or 0) * program.width
        whole = gradients.products[k] if matmul.into is None else gradients.pre
        d_product = whole[..., first : first + matmul.rows * program.width]
        state = program.operand_state(matmul)
        operand = buffers.operands[k] if state is None else buffers.before(state)
        d_weights.append(kernel.outer(d_product, operand, back))
        # 0 in the padding, as kernels leave it
        d_biases.append(None if bias is None else d_product.sum((0, 1)))
    return d_weights, d_biases


def _through_prologue(
    program: Program, vectors: tuple[Tensor, ...], d_fixed: Tensor
) -> tuple[Tensor | None, ...]:
    """The gradients of the recurrence's vectors, from those of the program's."""
    if not vectors:
        return ()
    # few numbers and no time axis: plain autograd, once for each run
    with torch.enable_grad():
        leaves = [vector.detach().requires_grad_(vector.is_floating_point()) for vector in vectors]
        fixed = program.fixed(leaves)
        wanted = [leaf for leaf in leaves if leaf.requires_grad]
        # a step may detach what it makes of its vectors
        reached = [(part, d_part) for part, d_part in zip(fixed, d_fixed, strict=True) if part.requires_grad]
        parts, d_parts = zip(*reached, strict=True) if reached else ((), ())
        found = iter(torch.autograd.grad(parts, wanted, d_parts, allow_unused=True) if reached else ())
    return tuple(next(found, None) if leaf.requires_grad else None for leaf in leaves)
