"""The reference loop: one Python step after the other. It is the definition of every engine.

It is made of differentiable operations only, so double backward and `torch.func` work through it.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from zoo.scan.recurrence import Map, Product, Recurrence, Sequences, State


def run(recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
    """Runs any recurrence over a batch of sequences; see `zoo.scan.recurrence.Run`."""
    maps: dict[str, Map] = {}

    def product(gates: str, operand: Tensor) -> Tensor:
        if gates not in maps:
            maps[gates] = recurrence.recurrent(gates)
        weight, bias = maps[gates]
        return F.linear(operand, weight, bias)

    return loop(recurrence, sequences, recurrence.project(sequences.x), product)


def loop(
    recurrence: Recurrence, sequences: Sequences, projected: Tensor, product: Product
) -> tuple[Tensor, State]:
    """The loop itself, over input products (T, B, G) that were taken before."""
    assert not sequences.backward
    state, mask, resets = sequences.state, sequences.mask, sequences.resets
    outputs = []
    for t, pre in enumerate(projected.unbind(0)):
        if resets is not None:
            state = _choose(resets[t].unsqueeze(-1), sequences.fresh, state)
        output, new = recurrence.step(pre, state, product)
        if mask is not None:
            output = torch.where(mask[t], output, 0)
            new = _choose(mask[t], new, state)
        outputs.append(output)
        state = new
    if not outputs:
        batch_size = sequences.x.shape[1]
        return sequences.x.new_zeros(0, batch_size, recurrence.output_size), state
    return torch.stack(outputs), state


def _choose(condition: Tensor, yes: State, no: State) -> State:
    return tuple(torch.where(condition, a, b) for a, b in zip(yes, no, strict=True))
