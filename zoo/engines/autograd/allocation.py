"""The buffers of a run, made before it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from zoo.engines.autograd.buffers import Buffers, Inputs, Source
from zoo.engines.autograd.pages import empty
from zoo.engines.program.ir import Program
from zoo.engines.recurrence import Sequences


def allocate(
    program: Program,
    given: Inputs,
    sequences: Sequences,
    source: Source | None = None,
    *,
    rounded: bool = False,
    keeps: bool = True,
) -> Buffers:
    """The buffers of a run, with all that goes in put in its place."""
    time, pre, lengths, resets = (
        len(sequences.x),
        given.pre,
        sequences.lengths,
        sequences.resets_in_read_order,
    )
    # not zeroed: a kernel reads nothing that it has not written
    states = tuple(empty(pre, time + 1 if keeps else 2, *part.shape) for part in given.state)
    source, products = _biased(program, given, source, time=time, keeps=keeps)
    buffers = Buffers(
        pre=pre,
        source=source,
        keeps=keeps,
        states=states,
        outputs=_outputs(program, sequences, pre, states if keeps else ()),
        products=products,
        operands=tuple(_operands(program, pre, time if keeps else 1)),
        weights=tuple(weight.contiguous() for weight in given.weights),
        biased=tuple(bias is not None for bias in given.biases),
        vectors=torch.stack(program.fixed(given.vectors)) if program.vectors else pre.new_empty(0),
        reset_state=tuple(part.contiguous() for part in given.reset_state),
        lengths=None if lengths is None else lengths.contiguous(),
        resets=None if resets is None else resets.contiguous(),
        backward=sequences.backward,
        rounded=rounded,
    )
    for whole, start in zip(states, given.state, strict=True):
        buffers.first(whole).copy_(start)
    return buffers


def _biased(
    program: Program, given: Inputs, source: Source | None, *, time: int, keeps: bool
) -> tuple[Source | None, tuple[Tensor, ...]]:
    """The source of the input products and the buffers of the others, with the biases they start from."""
    pre, width, products = given.pre, program.width, list[Tensor]()
    start = pre
    if source is not None and any(bias is not None for bias in given.biases):
        start = pre.new_zeros(pre.shape[-1]) if source.bias is None else source.bias.clone()
        source = replace(source, bias=start)
    for matmul, bias in zip(program.matmuls, given.biases, strict=True):
        if matmul.into is None:
            steps = time if keeps or bias is not None else 1  # a bias is written over
            product = empty(pre, steps, pre.shape[1], matmul.rows * width)
            products.append(product if bias is None else product.copy_(bias))
            continue
        if bias is not None:
            # a folded product adds onto the input product, so its bias goes there once for all steps
            start[..., matmul.into * width :][..., : matmul.rows * width] += bias
        products.append(pre.new_empty(0))
    return source, tuple(products)


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
