"""A cell run over a batch of sequences of different lengths, one sequence and one step at a time."""

from dataclasses import dataclass

import numpy as np

from oracles.arrays import Array, State, Weights
from oracles.cells import Oracle


@dataclass(frozen=True)
class Batch:
    """Padded sequences x (B, T, I) with their lengths (B,), states (B, width) and resets (B, T).

    A reset puts `reset_state` in place before the step. The time since the step before, `deltas` (B, T), is
    the last entry of what a cell sees that reads it; read backwards, it is the time to the step after.
    """

    x: Array
    lengths: Array
    initial: State
    reset_state: State
    resets: Array
    deltas: Array | None = None

    def row(self, b: int, backward: bool) -> tuple[Array, Array, State, State]:
        """Sequence b without its padding, in the order in which it is read: x, resets and both states."""
        x, resets = self.x[b, : self.lengths[b]], self.resets[b, : self.lengths[b]]
        if self.deltas is not None:
            deltas = self.deltas[b, : self.lengths[b]]
            deltas = np.append(deltas[1:], np.ones(min(len(deltas), 1))) if backward else deltas
            x = np.concatenate([x, deltas[:, None]], axis=1)
        if backward:
            x = x[::-1]
            # a reset before step t parts t - 1 from t: read backwards, t - 1 is the step that starts anew
            resets = np.append(resets[1:], np.zeros(min(len(resets), 1), dtype=bool))[::-1]
        return x, resets, tuple(part[b] for part in self.initial), tuple(part[b] for part in self.reset_state)


@dataclass(frozen=True)
class Gradients:
    """Gradients for what went into a run."""

    x: Array
    initial: State
    reset_state: State
    weights: Weights
    deltas: Array | None = None


def run(
    cell: Oracle, weights: Weights, batch: Batch, backward: bool = False
) -> tuple[Array, tuple[Array, ...]]:
    """Outputs (B, T, O), 0 in the padding, and each sequence's state after the last step that it read."""
    count, steps, width = batch.x.shape
    nothing = np.zeros(width) if batch.deltas is None else np.append(np.zeros(width), 1.0)
    zeros = tuple(np.zeros(part.shape[1]) for part in batch.initial)
    probe, _ = cell.step(weights, nothing, zeros)
    outputs = np.zeros((count, steps, len(probe)))
    final = tuple(part.copy() for part in batch.initial)
    for b in range(count):
        x, resets, state, reset_state = batch.row(b, backward)
        read = []
        for t in range(len(x)):
            state = reset_state if resets[t] else state
            output, state = cell.step(weights, x[t], state)
            read.append(output)
        for t, output in enumerate(reversed(read) if backward else read):
            outputs[b, t] = output
        for part, value in zip(final, state, strict=True):
            part[b] = value
    return outputs, final


def run_back(
    cell: Oracle,
    weights: Weights,
    batch: Batch,
    d_outputs: Array,
    d_final: State,
    backward: bool = False,
    limit: float = np.inf,
) -> Gradients:
    """Backpropagation through time: the gradients of Σ d_outputs∘outputs + Σ d_final∘final.

    What a step sends to the state before it is cut off at ±limit (Graves, 2013, section 2.1).
    """
    d_x = np.zeros_like(batch.x)
    d_initial = tuple(np.zeros_like(part) for part in batch.initial)
    d_fresh = tuple(np.zeros_like(part) for part in batch.reset_state)
    d_weights = {name: np.zeros_like(weight) for name, weight in weights.items()}
    d_deltas = None if batch.deltas is None else np.zeros_like(batch.deltas)
    for b in range(len(batch.x)):
        x, resets, state, reset_state = batch.row(b, backward)
        before = []
        for t in range(len(x)):
            state = reset_state if resets[t] else state
            before.append(state)
            _, state = cell.step(weights, x[t], state)
        d_state = tuple(part[b] for part in d_final)
        for t in reversed(range(len(x))):
            place = len(x) - 1 - t if backward else t
            d_seen, d_state, d_step = cell.slopes(weights, x[t], before[t]).back(d_outputs[b, place], d_state)
            d_x[b, place] = d_seen[: batch.x.shape[2]]
            if d_deltas is not None and place + backward < len(x):
                d_deltas[b, place + backward] = d_seen[-1]
            for name, d_weight in d_step.items():
                d_weights[name] += d_weight
            d_state = tuple(np.minimum(np.maximum(part, -limit), limit) for part in d_state)
            if resets[t]:
                for part, value in zip(d_fresh, d_state, strict=True):
                    part[b] += value
                d_state = tuple(np.zeros_like(part) for part in d_state)
        for part, value in zip(d_initial, d_state, strict=True):
            part[b] = value
    return Gradients(d_x, d_initial, d_fresh, d_weights, d_deltas)
