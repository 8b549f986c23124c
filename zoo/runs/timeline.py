"""The records of a run as arrays over layers and steps."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import final

import numpy as np
from jaxtyping import Bool, Float, Int

from zoo.diagnostics.histogram import Summary
from zoo.diagnostics.parameter_paths import by_layer
from zoo.runs.gradient_records import GradientRecord

CLIPPED = 1 - 1e-5
"""Norm after / norm before below which a step counts as clipped; norms in a file have six digits."""


@final
@dataclass(frozen=True, kw_only=True)
class Timeline:
    """Gradient magnitudes over a run; NaN where there is none.

    Attributes:
        steps: Optimiser step of each column.
        layers: Name of each row, in the order of the model.
        rms: Root mean square of a layer's gradient before clipping. NaN where it was not finite.
        nonfinite: Whether the layer's gradient had NaN or infinite entries.
        before: Norm over all layers before clipping. NaN where it was not finite.
        after: Norm over all layers just before the update. NaN also where the update was skipped.
    """

    steps: Int[np.ndarray, " columns"]
    layers: tuple[str, ...]
    rms: Float[np.ndarray, "layers columns"]
    nonfinite: Bool[np.ndarray, "layers columns"]
    before: Float[np.ndarray, " columns"]
    after: Float[np.ndarray, " columns"]

    @property
    def clipped(self) -> Bool[np.ndarray, " columns"]:
        """Where clipping made the gradient smaller."""
        return np.asarray(self.after < CLIPPED * self.before)


@final
@dataclass(frozen=True)
class _Glance:
    """What the timeline keeps of a record: no histograms, so that long runs fit in memory."""

    step: int
    rms: dict[str, float]
    nonfinite: frozenset[str]
    before: float
    after: float


def timeline(records: Iterable[GradientRecord]) -> Timeline:
    """The records of one run, side by side.

    Where steps repeat, because a run was resumed from an older checkpoint, the later records count. The
    optimisers of a module that has several are taken together, their n-th records in one column.
    """
    runs: dict[int, list[_Glance]] = {}
    for record in records:
        run = runs.setdefault(record.optimizer, [])
        while run and run[-1].step >= record.step:
            run.pop()
        run.append(_glance(record))
    rounds = [[glance for glance in glances if glance] for glances in zip_longest(*runs.values())]
    layers = tuple(dict.fromkeys(layer for glances in rounds for glance in glances for layer in glance.rms))
    rms = np.full((len(layers), len(rounds)), np.nan)
    nonfinite = np.zeros((len(layers), len(rounds)), dtype=bool)
    for column, glances in enumerate(rounds):
        for glance in glances:
            for layer, value in glance.rms.items():
                rms[layers.index(layer), column] = value
                nonfinite[layers.index(layer), column] = layer in glance.nonfinite
    return Timeline(
        steps=np.array([glances[0].step for glances in rounds], dtype=np.int64),
        layers=layers,
        rms=rms,
        nonfinite=nonfinite,
        before=np.array([math.hypot(*(glance.before for glance in glances)) for glances in rounds]),
        after=np.array([math.hypot(*(glance.after for glance in glances)) for glances in rounds]),
    )


def _glance(record: GradientRecord) -> _Glance:
    layers = by_layer(record.before)
    broken = frozenset(layer for layer, summary in layers.items() if summary.nonfinite)
    return _Glance(
        step=record.step,
        rms={layer: _rms(summary) for layer, summary in layers.items()},
        nonfinite=broken,
        before=_norm(record.before),
        after=math.nan if record.after is None else _norm(record.after),
    )


def _rms(summary: Summary) -> float:
    return math.nan if summary.nonfinite or summary.rms is None else summary.rms


def _norm(summaries: dict[str, Summary]) -> float:
    if any(summary.nonfinite for summary in summaries.values()):
        return math.nan
    return math.hypot(*(summary.norm for summary in summaries.values()))
