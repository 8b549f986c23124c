"""A program as one operation of torch's autograd: a kernel runs it, and weight gradients wait for the end."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from zoo.scan import reference
from zoo.scan.buffers import Buffers, Kernel, Slopes
from zoo.scan.program import Program
from zoo.scan.recurrence import Recurrence, Sequences, State

OVERWRITABLE = ("AddmmBackward0", "MmBackward0", "ViewBackward0", "UnsafeViewBackward0", "CatBackward0")
"""Makers of a tensor that do not read it again for their own gradient."""


def run_fused(kernel: Kernel, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
    """Runs a recurrence by a kernel for its program; see `zoo.scan.recurrence.Run`."""
    pre = _overwritable(recurrence.project(sequences.x), sequences.x)
    maps = [recurrence.recurrent(port.gates) for port in kernel.program.ports]
    given = Given(
        pre,
        tuple(sequences.state),
        tuple(sequences.fresh),
        recurrence.vectors,
        tuple(weight for weight, _ in maps),
        tuple(bias for _, bias in maps),
    )
    outputs, *final = Scan.apply(kernel, recurrence, sequences, *given.flat())  # type: ignore[no-untyped-call]
    return outputs, tuple(final)


def _overwritable(pre: Tensor, x: Tensor) -> Tensor:
    """The input products, contiguous, in memory that nobody reads again."""
    shared = pre.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
    maker = None if pre.grad_fn is None else type(pre.grad_fn).__name__
    free = not shared and (maker in OVERWRITABLE or (maker is None and not pre.requires_grad))
    return pre.contiguous() if free else pre.clone(memory_format=torch.contiguous_format)


@dataclass(frozen=True)
class Given:
    """The tensors that a run is differentiable in; `biases` has None where a product has none."""

    pre: Tensor
    state: tuple[Tensor, ...]
    fresh: tuple[Tensor, ...]
    vectors: tuple[Tensor, ...]
    weights: tuple[Tensor, ...]
    biases: tuple[Tensor | None, ...]

    def flat(self) -> tuple[Tensor | None, ...]:
        """All of them in a row."""
        return (self.pre, *self.state, *self.fresh, *self.vectors, *self.weights, *self.biases)

    @classmethod
    def of(cls, program: Program, flat: tuple[Any, ...]) -> "Given":
        """The inverse of `flat`."""
        parts, ports = len(program.state), len(program.ports)
        ends = len(flat) - 2 * ports
        return cls(
            flat[0],
            tuple(flat[1 : 1 + parts]),
            tuple(flat[1 + parts : 1 + 2 * parts]),
            tuple(flat[1 + 2 * parts : ends]),
            tuple(flat[ends : ends + ports]),
            tuple(flat[ends + ports :]),
        )


class Scan(torch.autograd.Function):
    """Outputs and final state of a program."""

    @staticmethod
    def forward(ctx: Any, kernel: Kernel, recurrence: Recurrence, sequences: Sequences, *flat: Any) -> Any:
        """Runs the kernel and keeps what its derivative needs."""
        buffers = allocate(kernel.program, Given.of(kernel.program, flat), sequences)
        final = kernel.forward(buffers)
        ctx.kernel, ctx.recurrence, ctx.sequences = kernel, recurrence, sequences
        ctx.save_for_backward(*flat, *buffers.states, *buffers.products, *buffers.operands, buffers.vectors)
        return buffers.outputs, *final

    @staticmethod
    def backward(ctx: Any, d_outputs: Tensor, *d_final: Tensor) -> Any:
        """Runs the kernel's derivative, or the reference loop's where that is to be differentiated again."""
        program = ctx.kernel.program
        parts, ports = len(program.state), len(program.ports)
        kept = parts + 2 * ports + 1
        flat, made = ctx.saved_tensors[:-kept], ctx.saved_tensors[-kept:]
        given = Given.of(program, flat)
        buffers = Buffers(
            given.pre,
            made[:parts],
            d_outputs,
            made[parts : parts + ports],
            made[parts + ports : -1],
            tuple(weight.contiguous() for weight in given.weights),
            tuple(bias is not None for bias in given.biases),
            made[-1],
            given.fresh,
            ctx.sequences.lengths,
            ctx.sequences.resets,
        )
        run = _again if torch.is_grad_enabled() else _once
        return None, None, None, *run(ctx, given, buffers, (d_outputs, *d_final))


def allocate(program: Program, given: Given, sequences: Sequences) -> Buffers:
    """The buffers of a run, with all that goes in put in its place."""
    time, batch_size, _ = given.pre.shape
    width, pre = program.width, given.pre

    def empty(blocks: int) -> Tensor:
        return pre.new_empty(time, batch_size, blocks * width)

    states = tuple(pre.new_empty(time + 1, *part.shape) for part in given.state)
    for whole, start in zip(states, given.state, strict=True):
        whole[0] = start
    products = []
    for port, bias in zip(program.ports, given.biases, strict=True):
        if port.into is None:
            products.append(
                empty(port.rows) if bias is None else bias.expand(time, batch_size, -1).contiguous()
            )
            continue
        products.append(pre.new_empty(0))
        if bias is not None:
            pre[..., port.into * width :][..., : port.rows * width] += bias
    operands = tuple(
        empty(len(port.operand)) if program.operand_state(port) is None else pre.new_empty(0)
        for port in program.ports
    )
    shown = program.output_state if sequences.lengths is None and sequences.resets is None else None
    return Buffers(
        pre,
        states,
        empty(len(program.output)) if shown is None else states[shown][1:],
        tuple(products),
        operands,
        tuple(weight.contiguous() for weight in given.weights),
        tuple(bias is not None for bias in given.biases),
        torch.stack(program.fixed(given.vectors)) if program.vectors else pre.new_empty(0),
        tuple(part.contiguous() for part in given.fresh),
        sequences.lengths,
        None if sequences.resets is None else sequences.resets.contiguous(),
    )


def _once(
    ctx: Any, given: Given, buffers: Buffers, d_results: tuple[Tensor, ...]
) -> tuple[Tensor | None, ...]:
    """The gradients of all that was given, by the kernel."""
    program = ctx.kernel.program
    slopes = Slopes(
        d_results[0].contiguous(),
        [part.clone(memory_format=torch.contiguous_format) for part in d_results[1:]],
        torch.empty_like(buffers.pre),
        tuple(torch.empty_like(part) for part in buffers.products),
        torch.zeros_like(buffers.vectors),
        tuple(torch.zeros_like(part) for part in buffers.fresh),
    )
    ctx.kernel.backward(buffers, slopes)
    d_weights: list[Tensor] = []
    d_biases: list[Tensor | None] = []
    for k, (port, bias) in enumerate(zip(program.ports, given.biases, strict=True)):
        first = (port.into or 0) * program.width
        whole = slopes.products[k] if port.into is None else slopes.pre
        d_product = whole[..., first : first + port.rows * program.width].flatten(0, 1)
        state = program.operand_state(port)
        operand = buffers.operands[k] if state is None else buffers.states[state][:-1]
        d_weights.append(d_product.T @ operand.flatten(0, 1))
        d_biases.append(None if bias is None else d_product.sum(0))
    d_vectors = _through_prologue(program, given.vectors, slopes.vectors)
    return (slopes.pre, *slopes.states, *slopes.fresh, *d_vectors, *d_weights, *d_biases)


def _through_prologue(
    program: Program, vectors: tuple[Tensor, ...], d_fixed: Tensor
) -> tuple[Tensor | None, ...]:
    """The gradients of the recurrence's vectors, from those of the program's."""
    if not vectors:
        return ()
    with torch.enable_grad():
        leaves = [vector.detach().requires_grad_(vector.is_floating_point()) for vector in vectors]
        fixed = program.fixed(leaves)
        return torch.autograd.grad(fixed, leaves, list(d_fixed), allow_unused=True)


def _again(
    ctx: Any, given: Given, buffers: Buffers, d_results: tuple[Tensor, ...]
) -> tuple[Tensor | None, ...]:
    """The gradients by the reference loop, so that they can be differentiated themselves."""
    program = ctx.kernel.program
    before = given.pre.detach().clone()
    for k, port in enumerate(program.ports):
        if port.into is not None:
            state = program.operand_state(port)
            operand = buffers.operands[k] if state is None else buffers.states[state][:-1]
            place = before[..., port.into * program.width :][..., : port.rows * program.width]
            place -= F.linear(operand, given.weights[k], given.biases[k]).detach()
    pre = given.pre + (before - given.pre).detach()
    maps = dict(
        zip([p.gates for p in program.ports], zip(given.weights, given.biases, strict=True), strict=True)
    )
    sequences = Sequences(ctx.sequences.x, given.state, given.fresh, buffers.lengths, buffers.resets)
    outputs, final = reference.loop(
        ctx.recurrence, sequences, pre, lambda gates, operand: F.linear(operand, *maps[gates])
    )
    wanted = [part for part in (pre, *given.flat()[1:]) if part is not None and part.requires_grad]
    found = torch.autograd.grad(
        [outputs, *final], wanted, list(d_results), create_graph=True, allow_unused=True
    )
    by_source = {id(part): gradient for part, gradient in zip(wanted, found, strict=True)}
    return tuple(by_source.get(id(part)) for part in (pre, *given.flat()[1:]))
