"""Backpropagation through time with all its parts kept: by step, and by how far an error has travelled.

One sequence of plain numpy arrays at a time, in the order in which it is read, without resets.
"""

from dataclasses import dataclass

import numpy as np

from oracles.arrays import Array, State, Weights
from oracles.cells import Oracle


@dataclass(frozen=True)
class Errors:
    """The gradients of a loss at the outputs (T, O), and at each tensor of the final state (width,)."""

    outputs: Array
    final: State


def states_of(cell: Oracle, weights: Weights, x: Array, initial: State) -> list[State]:
    """The state before each step of x (T, I), and the one after the last."""
    states = [initial]
    for row in x:
        states.append(cell.step(weights, row, states[-1])[1])
    return states


def gradients_of_h(cell: Oracle, weights: Weights, x: Array, initial: State, errors: Errors) -> Array:
    """The gradient at h after each step (T, H), of a cell whose output is h, the first part of its state."""
    states, d_state, found = states_of(cell, weights, x, initial), errors.final, []
    for t in reversed(range(len(x))):
        found.append(d_state[0] + errors.outputs[t])
        _, d_state, _ = cell.slopes(weights, x[t], states[t]).back(errors.outputs[t], d_state)
    return np.array(found[::-1]).reshape(len(x), -1)


def weights_by_lag(cell: Oracle, weights: Weights, x: Array, initial: State, errors: Errors) -> list[Weights]:
    """The gradient of the weights by lag: each error is followed back by itself, from where it enters."""
    steps, states = len(x), states_of(cell, weights, x, initial)
    slopes = [cell.slopes(weights, row, state) for row, state in zip(x, states, strict=False)]
    zero_state = tuple(np.zeros_like(part) for part in initial)
    parts = [{name: np.zeros_like(weight) for name, weight in weights.items()} for _ in range(steps)]
    for entry in range(steps):
        d_output = errors.outputs[entry]
        d_state = errors.final if entry == steps - 1 else zero_state
        for t in reversed(range(entry + 1)):
            _, d_state, d_weights = slopes[t].back(d_output, d_state)
            d_output = np.zeros_like(d_output)
            for name, part in d_weights.items():
                parts[entry - t][name] += part
    return parts


def jacobian(cell: Oracle, weights: Weights, x: Array, state: State) -> Array:
    """The Jacobian of the new state in the old one (S, S), row by row by the derivative of the cell."""
    sizes = [len(part) for part in state]
    output, _ = cell.step(weights, x, state)
    slopes, rows = cell.slopes(weights, x, state), []
    for unit in np.eye(sum(sizes)):
        d_new = tuple(np.split(unit, np.cumsum(sizes)[:-1]))
        rows.append(np.concatenate(slopes.back(np.zeros_like(output), d_new)[1]))
    return np.stack(rows)
