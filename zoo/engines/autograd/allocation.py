"""The buffers of a run, made before it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from zoo.engines.autograd.buffers import Buffers, Inputs, Kernel, Source
from zoo.engines.autograd.pages import empty
from zoo.engines.program.ir import Program
from zoo.engines.recurrence import Sequences


def allocate(
    kernel: Kernel,
    given: Inputs,
    sequences: Sequences,
    source: Source | None = None,
    *,
    rounded: bool = False,
    keeps: bool = True,
) -> Buffers:
    """The buffers of a run, with all that goes in put in its place."""
    program, time, pre = kernel.program, len(sequences.x), given.pre
    lengths, resets = sequences.lengths, sequences.resets_in_read_order
    # not zeroed: a kernel reads nothing that it has not written
    states = tuple(empty(pre, time + 1 if keeps else 2, *part.shape) for part in given.state)
    start, source = _start(given, source)
    products = tuple(_products(kernel, given, start, time if keeps else 1))
    buffers = Buffers(
        pre=pre,
        source=source,
        keeps=keeps,
        states=states,
        outputs=_outputs(program, sequences, pre, states if keeps else ()),
        products=products,
        operands=tuple(_operands(program, pre, time if keeps else 1)),
        weights=tuple(weight.contiguous() for weight in given.weights),
        biases=tuple(None if bias is None else bias.contiguous() for bias in given.biases),
        vectors=torch.stack(program.fixed(given.vectors)) if program.vectors else pre.new_empty(0),
        reset_state=tuple(part.contiguous() for part in given.reset_state),
        lengths=None if lengths is None else lengths.contiguous(),
        resets=None if resets is None else resets.contiguous(),
        backward=sequences.backward,
        rounded=rounded,
    )
    for whole, before in zip(states, given.state, strict=True):
        buffers.first(whole).copy_(before)
    return buffers


def _start(given: Inputs, source: Source | None) -> tuple[Tensor, Source | None]:
    """What the biases of folded products are added to: the input products, or the bias of their source."""
    if source is None or all(bias is None for bias in given.biases):
        return given.pre, source
    size = given.pre.shape[-1]
    start = given.pre.new_zeros(size) if source.bias is None else source.bias.clone()
    return start, replace(source, bias=start)


def _products(kernel: Kernel, given: Inputs, start: Tensor, time: int) -> Iterator[Tensor]:
    """The buffers of the products."""
    program, pre, width = kernel.program, given.pre, kernel.program.width
    for matmul, bias in zip(program.matmuls, given.biases, strict=True):
        if matmul.into is None:
            product = empty(pre, time, pre.shape[1], matmul.rows * width)
            yield product if bias is None or kernel.forgets else product.copy_(bias)
            continue
        if bias is not None:
            # a folded product adds onto the input product, so its bias goes there once for all steps
            start[..., matmul.into * width :][..., : matmul.rows * width] += bias
        yield pre.new_empty(0)


def _outputs(program: Program, sequences: Sequences, pre: Tensor, states: Sequence[Tensor]) -> Tensor:
    """Room for the outputs (T, B, O): in one of these states (T + 1, B, width) where it is the output."""
    # padding (0 in outputs only) and resets (in states only) tell the two apart
    alike = states and sequences.lengths is None and sequences.resets is None
    if not alike or program.output_state is None:
        return empty(pre, *sequences.x.shape[:2], len(program.output) * program.width)
    shown = states[program.output_state]
    return shown[:-1] if sequences.backward else shown[1:]


def _operands(program: Program, pre: Tensor, time: int) -> Iterator[Tensor]:
    """The buffers of the operands that are computed."""
    for matmul in program.matmuls:
        if program.operand_state(matmul) is None:
            yield empty(pre, time, pre.shape[1], len(matmul.operand) * program.width)
        else:
            yield pre.new_empty(0)
