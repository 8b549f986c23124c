"""The reference loop: one Python step after the other. It is the definition of every engine.

It is made of differentiable operations only, so double backward and `torch.func` work through it.

Where a recurrence has a `gradient_clip` c > 0, whatever a step sends back through time is clipped: in the
backward pass each entry of the gradient of the loss with respect to the state before step t, as far as it
comes through step t, is put into [-c, c] before it goes on to step t - 1 (and there meets the gradient that
enters by the output of step t - 1), or to the initial state, or at a reset to the state put in place. What is
not a step clips nothing: the gradient of the final state enters as it is, and goes unchanged to the initial
state of a sequence of no steps. Values are never changed, and such gradients have no derivative. Reference:
Graves, 2013, https://arxiv.org/abs/1308.0850, section 2.1, who clips the derivatives that reach the gates'
pre-activations instead.
"""

from typing import ClassVar, final

import torch
from torch import Tensor

from zoo.engines.base import Engine, ForwardRun, PreparedRun
from zoo.engines.gradient_clip import clip_gradient
from zoo.engines.recurrence import Product, Recurrence, Sequences, State, linear_product


@final
class ReferenceEngine(Engine):
    """The step loop."""

    reason: ClassVar[str] = "the step loop runs every cell"

    def prepare(self, recurrence: Recurrence, device: str = "cpu") -> PreparedRun:
        return ReferenceRun()


@final
class ReferenceRun(ForwardRun):
    """Runs any recurrence."""

    def forward(self, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
        return run_reference(recurrence, sequences)


def run_reference(recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
    """Runs any recurrence over a batch of sequences; see `zoo.engines.recurrence.RunFunction`."""
    product = linear_product(recurrence.recurrent)
    return reference_loop(recurrence, sequences, recurrence.project(sequences.x), product)


def reference_loop(
    recurrence: Recurrence, sequences: Sequences, projected: Tensor, product: Product
) -> tuple[Tensor, State]:
    """The loop itself, over input products (T, B, G) that were taken before."""
    assert not sequences.backward
    state, mask, resets = sequences.state, sequences.mask, sequences.resets
    outputs = []
    for t, pre in enumerate(projected.unbind(0)):
        if resets is not None:
            state = _choose(resets[t].unsqueeze(-1), sequences.reset_state, state)
        # behind the reset, so that what goes back to the state put in place is clipped, too
        before = clip_gradient(state, recurrence.gradient_clip)
        output, new = recurrence.step(pre, before, product)
        if mask is not None:
            # a choice, not a product with the mask: a step may be NaN in the padding, and so is 0 times NaN
            output = torch.where(mask[t], output, 0)
            # `state`, not `before`: what goes past a step in the padding is not clipped
            new = _choose(mask[t], new, state)
        outputs.append(output)
        state = new
    if not outputs:
        batch_size = sequences.x.shape[1]
        return sequences.x.new_zeros(0, batch_size, recurrence.output_size), state
    return torch.stack(outputs), state


def _choose(condition: Tensor, yes: State, no: State) -> State:
    return tuple(torch.where(condition, a, b) for a, b in zip(yes, no, strict=True))
