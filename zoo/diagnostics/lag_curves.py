"""How far back in time the gradients of one training step went, for all layers at once."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from torch import Tensor, nn

from zoo.diagnostics.lag_record import LagRecord, shares_beyond
from zoo.diagnostics.quantities import Quantity
from zoo.diagnostics.through_time import gradients_by_lag, lag_norms
from zoo.engines import LayerTrace, Watchable

LayerTraces: TypeAlias = Mapping[str, LayerTrace]
"""What was recorded by `zoo.diagnostics.watch`: layer and direction -> its run."""

FALLEN = 0.01
"""A gradient has reached as many steps back as it is at least this share of what it is at the last step."""

BEYOND = {1: Quantity.BEYOND_1, 4: Quantity.BEYOND_4, 16: Quantity.BEYOND_16}
"""Lags beyond which the share of the recurrent weights' gradient is told."""


def has_recurrence(module: nn.Module) -> bool:
    """Whether there is anything in a module that `watch` can watch."""
    return any(isinstance(part, Watchable) for part in module.modules())


def first_sequences(traces: LayerTraces, count: int) -> dict[str, LayerTrace]:
    """The traces of the first `count` sequences of the batch alone."""
    return {key: trace.first(count) for key, trace in traces.items()}


def differentiated(traces: LayerTraces) -> dict[str, LayerTrace]:
    """The traces that a gradient has come back to."""
    return {
        key: trace
        for key, trace in traces.items()
        if trace.d_outputs is not None or any(part is not None for part in trace.d_final)
    }


def measure_lags(traces: LayerTraces, step: int, max_lag: int | None = None, scale: float = 1.0) -> LagRecord:
    """The gradients of one step by lag.

    Args:
        traces: Each with a gradient.
        step: Optimiser steps taken before.
        max_lag: The farthest lag of the weights' gradient, each of which takes a backward pass; None for all.
        scale: What the loss was multiplied by.
    """
    record = LagRecord(step=step, state={}, weight={}, error={})
    for key, trace in traces.items():
        names = trace.recurrence.state_names
        for name, by_lag in zip(names, gradients_by_lag(trace), strict=True):
            own = key if name == names[0] else f"{key}/{name}"
            record.state[own] = _plain(by_lag / scale)
        errors, weights, rest = lag_norms(trace, max_lag)
        record.error[key], record.weight[key] = _plain(errors / scale), _plain(weights / scale)
        record.rest[key] = rest / scale
    return record


def lag_values(record: LagRecord) -> dict[str, float]:
    """What is logged of a record, for each layer and direction.

    Returns:
        `layer_1/forward/gradient_reach`, the steps that the gradient of h goes back until it has fallen below
        1 % of what it is at the last step; and `layer_1/forward/gradient_beyond_4`, the share of the
        recurrent weights' gradient whose error has travelled more than 4 steps.
    """
    values = {}
    for key, norms in record.state.items():
        if key in record.weight and (steps := reach(norms)) is not None:
            values[Quantity.REACH.at(key)] = float(steps)
    for key, norms in record.weight.items():
        shares = shares_beyond(norms, record.rest.get(key, 0.0))
        values |= {share.at(key): shares[lag] for lag, share in BEYOND.items() if lag < len(shares)}
    return values


def reach(norms: Sequence[float]) -> int | None:
    """The first lag from which on the gradient stays below 1 % of that of lag 0.

    Returns:
        As many lags as there are where it has not fallen so far; None where there is nothing to compare with.
    """
    if not norms or not norms[0] > 0 or not all(map(math.isfinite, norms)):
        return None
    return 1 + max(lag for lag, norm in enumerate(norms) if norm >= FALLEN * norms[0])


def _plain(norms: Tensor) -> list[float]:
    found: list[float] = norms.tolist()
    return found
