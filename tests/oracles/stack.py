"""Layers of cells in one or two directions, each wired to what went into it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from oracles.arrays import Array, State, Weights
from oracles.cells import Oracle
from oracles.joins import MERGES, Join
from oracles.sequence import Batch, Gradients, run, run_back
from oracles.wirings import Wired


@dataclass(frozen=True)
class Way:
    """One direction of a level, its states (B, width), and the limit of what a step sends back in time.

    Where its cell reads them, also the time since the step before, (B, T).
    """

    cell: Oracle
    weights: Weights
    backward: bool
    initial: State
    reset_state: State
    limit: float = np.inf
    deltas: Array | None = None

    def batch(self, x: Array, lengths: Array, resets: Array) -> Batch:
        """What it runs over."""
        return Batch(x, lengths, self.initial, self.reset_state, resets, self.deltas)


@dataclass(frozen=True)
class Level:
    """A layer of one or two ways, merged, then wired."""

    ways: tuple[Way, ...]
    wiring: Wired
    wiring_weights: Weights = field(default_factory=dict)
    merge: str = "concat"
    merge_weights: Weights = field(default_factory=dict)


@dataclass(frozen=True)
class LevelGradients:
    """Gradients for the ways, the merge and the wiring of a level."""

    ways: tuple[Gradients, ...]
    merge: Weights
    wiring: Weights


@dataclass(frozen=True)
class Trace:
    """What went through a level: input, what of it the ways read, their outputs, and these merged."""

    x: Array
    read: Array
    outputs: tuple[Array, ...]
    merged: Array


def run_stack(
    levels: list[Level], x: Array, lengths: Array, resets: Array
) -> tuple[Array, list[tuple[State, ...]], list[Trace]]:
    """Outputs (B, T, O), the final state of each way of each level, and what `run_stack_back` needs."""
    finals, traces = [], []
    for level in levels:
        enter, read = level.wiring.enter, x
        if enter is not None:
            read = join(enter, level.wiring_weights, [x], lengths)
        batches = [way.batch(read, lengths, resets) for way in level.ways]
        ran = [
            run(way.cell, way.weights, batch, way.backward)
            for way, batch in zip(level.ways, batches, strict=True)
        ]
        outputs = tuple(output for output, _ in ran)
        finals.append(tuple(final for _, final in ran))
        merged = outputs[0]
        if len(outputs) == 2:
            merged = join(MERGES[level.merge], level.merge_weights, outputs, lengths)
        traces.append(Trace(x, read, outputs, merged))
        x = join(level.wiring.join, level.wiring_weights, [x, merged], lengths)
    return x, finals, traces


def run_stack_back(
    levels: list[Level],
    traces: list[Trace],
    lengths: Array,
    resets: Array,
    d_outputs: Array,
    d_finals: list[tuple[State, ...]],
) -> tuple[Array, list[LevelGradients]]:
    """The gradient of x and those of each level."""
    found: list[LevelGradients] = []
    for level, trace, d_final in reversed(list(zip(levels, traces, d_finals, strict=True))):
        (d_x, d_merged), d_wiring = join_back(
            level.wiring.join, level.wiring_weights, [trace.x, trace.merged], d_outputs, lengths
        )
        d_ways, d_merge = [d_merged], {}
        if len(level.ways) == 2:
            d_ways, d_merge = join_back(
                MERGES[level.merge], level.merge_weights, trace.outputs, d_merged, lengths
            )
        ran = []
        for way, d_way, d_last in zip(level.ways, d_ways, d_final, strict=True):
            batch = way.batch(trace.read, lengths, resets)
            ran.append(run_back(way.cell, way.weights, batch, d_way, d_last, way.backward, way.limit))
        d_read = sum(gradients.x for gradients in ran)
        if level.wiring.enter is not None:
            (d_read,), d_enter = join_back(
                level.wiring.enter, level.wiring_weights, [trace.x], d_read, lengths
            )
            d_wiring = {name: d_wiring[name] + d_enter[name] for name in d_wiring}
        found.insert(0, LevelGradients(tuple(ran), d_merge, d_wiring))
        d_outputs = d_x + d_read
    return d_outputs, found


def join(rule: Join, weights: Weights, batches: Sequence[Array], lengths: Array) -> Array:
    """Joins padded batches (B, T, .) position by position; 0 in the padding."""
    count, steps, _ = batches[0].shape
    width = len(rule.join(weights, *(np.zeros(batch.shape[2]) for batch in batches)))
    joined = np.zeros((count, steps, width))
    for row in range(count):
        for t in range(lengths[row]):
            joined[row, t] = rule.join(weights, *(batch[row, t] for batch in batches))
    return joined


def join_back(
    rule: Join, weights: Weights, batches: Sequence[Array], d_joined: Array, lengths: Array
) -> tuple[list[Array], Weights]:
    """The gradients of the batches and of the weights."""
    d_batches = [np.zeros_like(batch) for batch in batches]
    d_weights = {name: np.zeros_like(weight) for name, weight in weights.items()}
    for row in range(len(d_joined)):
        for t in range(lengths[row]):
            vectors = [batch[row, t] for batch in batches]
            d_vectors, d_here = rule.back(weights, vectors, d_joined[row, t])
            for d_batch, d_vector in zip(d_batches, d_vectors, strict=True):
                d_batch[row, t] = d_vector
            for name, d_weight in d_here.items():
                d_weights[name] += d_weight
    return d_batches, d_weights
