"""Resets for engines that know none: each stretch between two resets becomes a sequence of its own."""

import torch
from torch import Tensor

from zoo.engines.recurrence import Recurrence, RunFunction, Sequences, State
from zoo.engines.reference import run_reference

WASTE = 4
"""How much more work than the batch itself its pieces may make, since a kernel is that much faster."""


def run_segments(run: RunFunction, recurrence: Recurrence, sequences: Sequences) -> tuple[Tensor, State]:
    """Cuts sequences at their resets, runs the pieces as one batch with lengths, and joins them again.

    A batch of B sequences with N - B resets inside becomes N sequences, the longest piece long. Where the
    pieces are so unequal that this is more than `WASTE` times the batch, the reference loop runs it as it is.
    """
    assert sequences.resets is not None
    time, batch_size, _ = sequences.x.shape
    if time == 0 or batch_size == 0:
        return run(
            recurrence,
            Sequences(
                x=sequences.x,
                state=sequences.state,
                reset_state=sequences.reset_state,
                lengths=sequences.lengths,
            ),
        )
    row, start, length = _cut(sequences)
    longest = int(length.max())
    if longest * len(row) > WASTE * time * batch_size:
        return run_reference(recurrence, sequences)
    steps = torch.arange(longest, device=row.device)[:, None]
    when = (start + steps).clamp(max=time - 1)  # (longest, N): where in time each step of a piece lies
    # only the first piece of a row goes on from the carried state, and not where step 0 is a reset
    carried = ((start == 0) & ~sequences.resets[0, row]).unsqueeze(-1)
    state = tuple(
        torch.where(carried, old[row], new[row])
        for old, new in zip(sequences.state, sequences.reset_state, strict=True)
    )
    reset_state = tuple(part[row] for part in sequences.reset_state)
    pieces = Sequences(x=sequences.x[when, row], state=state, reset_state=reset_state, lengths=length)
    outputs, final = run(recurrence, pieces)
    valid = steps < length
    joined = outputs.new_zeros(time, batch_size, outputs.shape[-1])
    joined = joined.index_put((when[valid], row.expand_as(when)[valid]), outputs[valid])
    last = torch.cat([row[1:] != row[:-1], row.new_ones(1, dtype=torch.bool)])
    return joined, tuple(part[last] for part in final)


def _cut(sequences: Sequences) -> tuple[Tensor, Tensor, Tensor]:
    """Row, first step and length of each piece (N,), ordered by row, then by time."""
    assert sequences.resets is not None
    # resets are False in the padding, so that no piece begins behind the end of its row
    starts = sequences.resets.T.clone()
    starts[:, 0] = True
    row, start = starts.nonzero(as_tuple=True)
    time, batch_size, _ = sequences.x.shape
    lengths = sequences.lengths if sequences.lengths is not None else row.new_full((batch_size,), time)
    end = torch.cat([start[1:], start.new_zeros(1)])
    # a start that is not later is the next row's: then this piece is its row's last
    end = torch.where(end > start, end, lengths[row])
    return row, start, end - start
