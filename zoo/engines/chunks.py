"""Runs recurrences in chunks of steps, keeping only the states between them for the backward pass."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from zoo.engines.recurrence import Recurrence, Sequences, State

RunAll = Callable[[list[tuple[Recurrence, Sequences]]], list[tuple[Tensor, State]]]


def in_chunks(
    run: RunAll, runs: Sequence[tuple[Recurrence, Sequences]], every: int
) -> list[tuple[Tensor, State]]:
    """The results of `run`, which is called for `every` steps at a time, and again for their gradients.

    Args:
        run: Runs some recurrences over sequences of the same number of steps.
        runs: The recurrences and their sequences.
        every: Steps between the states that are kept.
    """
    steps = len(runs[0][1].x)
    if steps <= every or not torch.is_grad_enabled():
        return run(list(runs))

    def piece(first: int, *states: State) -> list[tuple[Tensor, State]]:
        return run(
            [
                (recurrence, _cut(sequences, x[first // every], first, state))
                for (recurrence, sequences), x, state in zip(runs, inputs, states, strict=True)
            ]
        )

    # the states alone survive a chunk: Chen et al., 2016, https://arxiv.org/abs/1604.06174
    states = [sequences.state for _, sequences in runs]
    inputs = [_split(sequences, every) for _, sequences in runs]
    outputs: list[list[Tensor]] = [[] for _ in runs]
    for first in range(0, steps, every):
        # not reentrant: that one knows neither `torch.autograd.grad` nor tensors within lists
        results = checkpoint(piece, first, *states, use_reentrant=False)
        states = [state for _, state in results]
        for found, (output, _) in zip(outputs, results, strict=True):
            found.append(output)
    in_time = [
        found[::-1] if sequences.backward else found
        for found, (_, sequences) in zip(outputs, runs, strict=True)
    ]
    return [(torch.cat(found), state) for found, state in zip(in_time, states, strict=True)]


def _split(sequences: Sequences, every: int) -> Sequence[Tensor]:
    """The inputs of each chunk, in the order in which they are read."""
    # all at once: the gradient of a slice is as long as the whole, for each chunk again
    if not sequences.backward:
        return torch.split(sequences.x, every)
    first = len(sequences.x) % every
    sizes = [first] * bool(first) + [every] * (len(sequences.x) // every)
    return torch.split(sequences.x, sizes)[::-1]


def _cut(sequences: Sequences, x: Tensor, read: int, state: State) -> Sequences:
    """The next steps, with inputs x, of sequences of which so many are read, going on from a state."""
    steps, lengths, resets = len(sequences.x), sequences.lengths, sequences.resets
    first, last = read, read + len(x)
    if sequences.backward:
        first, last = steps - last, steps - first
    if sequences.backward and resets is not None and last < steps:  # a cut between two chunks
        cut = resets[last].unsqueeze(-1)
        state = tuple(
            torch.where(cut, new, old) for new, old in zip(sequences.reset_state, state, strict=True)
        )
    return replace(
        sequences,
        x=x,
        state=state,
        # 0 where a sequence is over, or read backwards has not begun: its state then stays as it is
        lengths=None if lengths is None else (lengths - first).clamp(0, last - first),
        resets=None if resets is None else resets[first:last],
    )
