"""The derivative of a run of a program, as something to differentiate again."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from zoo.engines.autograd.buffers import BackwardRun, Inputs
from zoo.engines.gradient_clip import clip_gradient
from zoo.engines.program.evaluate import evaluate
from zoo.engines.program.ir import Program, Ref, blocks_of
from zoo.engines.recurrence import State, turn


def double_backward(program: Program, back: BackwardRun) -> tuple[Tensor | None, ...]:
    """The gradients by a loop of torch operations, so that they can be differentiated themselves."""
    given, buffers = back.given, back.buffers(program)
    before = given.pre.detach().clone()
    for k, matmul in enumerate(program.matmuls):
        if matmul.into is not None:  # the product was added into it, and is taken off again
            state = program.operand_state(matmul)
            operand = buffers.operands[k] if state is None else buffers.before(state)
            place = before[..., matmul.into * program.width :][..., : matmul.rows * program.width]
            place -= F.linear(operand, given.weights[k], given.biases[k]).detach()
    # the value before the products, with the gradient of what was given
    pre = given.pre + (before - given.pre).detach()
    # a view of each, so that what was given twice has two gradients
    sources = [None if part is None else part.view_as(part) for part in (pre, *given.flat()[1:])]
    results = _replayed(program, Inputs.of(program, tuple(sources)), back)
    wanted = [part for part in sources if part is not None and part.requires_grad]
    reached = [pair for pair in zip(results, back.d_results, strict=True) if pair[0].requires_grad]
    if not reached:
        return (None,) * len(sources)
    outputs, gradients = zip(*reached, strict=True)
    found = iter(torch.autograd.grad(outputs, wanted, gradients, create_graph=True, allow_unused=True))
    return tuple(next(found) if part is not None and part.requires_grad else None for part in sources)


def _replayed(program: Program, given: Inputs, back: BackwardRun) -> tuple[Tensor, ...]:
    """Outputs and final state of a run, step by step."""
    pre, resets, lengths = given.pre, back.resets, back.lengths
    if back.backward:
        pre, resets = turn(pre, lengths), None if resets is None else turn(resets, lengths)
    state, outputs, vectors = given.state, [], program.fixed(given.vectors)
    for t, projected in enumerate(pre.unbind(0)):
        if resets is not None:
            state = _choose(resets[t], given.reset_state, state)
        before = clip_gradient(state, back.limit)
        after = _step(program, given, (projected, *before), vectors)
        if lengths is not None:
            after = _choose(t < lengths, after, (torch.zeros_like(after[0]), *state))
        outputs.append(after[0])
        state = after[1:]
    whole = torch.stack(outputs)
    return turn(whole, lengths) if back.backward else whole, *state


def _choose(condition: Tensor, yes: Sequence[Tensor], no: Sequence[Tensor]) -> State:
    return tuple(torch.where(condition.unsqueeze(-1), a, b) for a, b in zip(yes, no, strict=True))


def _step(
    program: Program, given: Inputs, varying: Sequence[Tensor], vectors: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    """One step of a program: its output, and each tensor of the new state."""
    known = dict(enumerate(block for part in varying for block in blocks_of(part, program.width)))
    known |= dict(zip(program.vectors, vectors, strict=True))
    parts = (program.output, *program.new_state)
    # products first, in their order: autograd adds gradients up in the order in which values were made
    products = [Ref(program.targets(k)[0]) for k in range(len(program.matmuls))]
    found = evaluate(
        program,
        [*products, *(block for part in parts for block in part)],
        known,
        lambda k, operand: F.linear(operand, given.weights[k], given.biases[k]),
        like=varying[0][..., : program.width],
    )
    left = iter(found[len(products) :])
    return tuple(torch.cat([next(left) for _ in part], -1) for part in parts)
