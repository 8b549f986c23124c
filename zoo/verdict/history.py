"""When what happened in a run: where its loss turned, what came before that, since when it overfits."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float

from zoo.diagnostics.quantities import Metric, Quantity
from zoo.runs.events import Event
from zoo.runs.metrics_file import Curve
from zoo.runs.timeline import Timeline
from zoo.verdict.formatting import brief, spoken

TRAINING, VALIDATION = "train/loss", "val/loss"
WINDOWS, FEW, MOST_POINTS = 20, 5, 2000
"""Losses are running medians over this part of a run; least values, and how many of more are looked at."""
LOST, FALLEN, NEARLY = 0.25, 0.05, 0.1
"""Share of what was gained, or of the lowest loss, whose loss is a turn; share of the first loss that is a
fall at all; share of the fall that is left where the floor begins."""
NEAR = 0.2
"""Share of the way to a turn that counts as just before it; what began earlier has nothing to do with it."""
JUMP, LATELY, MOST_SATURATED, MOST_CLIPPED = 10.0, 100, 0.8, 0.5
"""Times the median of so many norms before; shares of activations and of steps."""
WORSE, LEAST = 1.05, 4
"""Times the lowest loss of validation, and validations, from which on it has risen."""


@final
@dataclass(frozen=True)
class Onset:
    """Something that began in a step.

    Attributes:
        step: Optimiser steps taken before it, as far as was logged.
        words: What, as a clause.
    """

    step: int
    words: str


@final
@dataclass(frozen=True, kw_only=True)
class Overfit:
    """A loss of validation that rises while that of training falls.

    Attributes:
        step: Of the lowest loss of validation.
        epoch: Its epoch, from 1.
        best: That loss.
        last: The lowest of the last fifth.
        learned: The loss of training then, and at the end.
    """

    step: int
    epoch: int
    best: float
    last: float
    learned: tuple[float, float]


@final
@dataclass(frozen=True, kw_only=True)
class History:
    """What the metrics of a run say of when.

    Attributes:
        onsets: What began in a run that went wrong, in its order; empty where it did not.
        overfit: Since when it overfits, or None.
        floor: The step at which the loss had made nearly all of its way down; infinite where it never fell.
    """

    onsets: Sequence[Onset] = ()
    overfit: Overfit | None = None
    floor: float = math.inf

    @classmethod
    def of(
        cls,
        curves: Mapping[str, Curve],
        epochs: Mapping[int, int],
        run: Timeline | None = None,
        events: Sequence[Event] = (),
    ) -> "History":
        """The history of a run.

        Args:
            curves: Its metrics.
            epochs: The epoch of each step that has one.
            run: Its gradients.
            events: What a guard did.
        """
        loss = next((curve for name, curve in curves.items() if name.startswith(TRAINING)), None)
        if loss is None or len(loss.values) < FEW:
            return cls()
        loss, turn = _thinned(loss), _turn(loss)
        since = math.inf if turn is None else turn.step - NEAR * (turn.step - float(loss.steps[0]))
        norms = curves.get(Quantity.NORM_BEFORE.at()) or _norms(run)
        others = [*_saturating(curves), *_clipping(curves), *_jump(norms, since), *_breaking(run, events)]
        known = [*others, *([] if turn is None else [turn])]
        onsets = sorted((each for each in known if each.step >= since), key=lambda onset: onset.step)
        validation = curves.get(VALIDATION)
        overfit = None if validation is None or turn is not None else _overfit(loss, validation, epochs)
        return cls(onsets=tuple(onsets), overfit=overfit, floor=_floor(loss))

    @property
    def turned(self) -> list[float]:
        """The step in which it went wrong, if it did, as pictures mark it."""
        return [float(onset.step) for onset in self.onsets[:1]]

    @property
    def marks(self) -> list[float]:
        """The same, or that since which it overfits."""
        return [*self.turned, *([] if self.overfit is None else [float(self.overfit.step)])]

    @property
    def told(self) -> str:
        """What these marks stand for, in a clause; "" where there are none."""
        if self.onsets:
            return f"it went wrong in step {self.onsets[0].step:,}: {self.onsets[0].words}"
        return "" if self.overfit is None else f"it overfits since epoch {self.overfit.epoch}"


def smoothed(values: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
    """The running median; what is not finite counts as infinite."""
    reach = max(len(values) // WINDOWS, 2) // 2
    padded = np.pad(np.where(np.isfinite(values), values, np.inf), reach, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    return np.asarray(np.median(windows, axis=1))


def _thinned(curve: Curve) -> Curve:
    """Every n-th value of very many."""
    stride = -(-len(curve.values) // MOST_POINTS)
    return Curve(curve.steps[::stride], curve.values[::stride])


def _turn(loss: Curve) -> Onset | None:
    """Where the loss rises for good, or is finite no more."""
    last = np.flatnonzero(np.isfinite(loss.values))
    if not last.size or last[-1] < len(loss.values) - 1:
        first = int(last[-1]) + 1 if last.size else 0
        return Onset(int(loss.steps[first]), "the loss is NaN or infinite")
    loss = _thinned(loss)
    values = smoothed(loss.values)
    low, end = float(values.min()), float(np.median(values[-max(len(values) // 10, 1) :]))
    if end - low <= LOST * max(float(values[0]) - low, abs(low)):
        return None
    well = np.flatnonzero(values <= low + NEARLY * (end - low))
    return Onset(int(loss.steps[well[-1] + 1]), f"the loss rises, from {brief(low)} to {brief(end)}")


def _floor(loss: Curve) -> float:
    values = smoothed(loss.values)
    first, low = float(values[0]), float(values.min())
    if not low < (1 - FALLEN) * first or not math.isfinite(first):
        return math.inf
    return float(loss.steps[np.flatnonzero(values <= low + NEARLY * (first - low))[0]])


def _overfit(loss: Curve, validation: Curve, epochs: Mapping[int, int]) -> Overfit | None:
    values = validation.values
    if len(values) < LEAST or not np.isfinite(values).all():
        return None
    place = int(values.argmin())
    tail = values[-max(len(values) // 5, 2) :]
    if place >= len(values) - len(tail) or not tail.min() > WORSE * values[place] > 0:
        return None
    learned, step = smoothed(loss.values), int(validation.steps[place])
    then, now = float(learned[np.abs(loss.steps - step).argmin()]), float(learned[-1])
    if not now < then:
        return None
    epoch = epochs.get(step, place + 1)
    return Overfit(
        step=step, epoch=epoch, best=float(values[place]), last=float(tail.min()), learned=(then, now)
    )


def _jump(norms: Curve | None, since: float) -> Iterator[Onset]:
    """The first norm from a step on that is far above those before it."""
    if norms is None:
        return
    above = norms.values > 0
    steps, values = norms.steps[above], norms.values[above]
    first = max(int(np.searchsorted(steps, since)), FEW)
    for place in range(first, len(values)):
        usual = float(np.median(values[max(place - LATELY, 0) : place]))
        if values[place] > JUMP * usual:
            size = f"{brief(float(values[place]) / usual)} times its median"
            yield Onset(int(steps[place]), f"the norm of the gradient jumps to {size}")
            return


def _norms(run: Timeline | None) -> Curve | None:
    return None if run is None else Curve(run.steps.astype(float), run.before)


def _breaking(run: Timeline | None, events: Sequence[Event]) -> Iterator[Onset]:
    broken = [event.step for event in events if event.kind == "nonfinite"]
    broken += [] if run is None else run.steps[run.nonfinite.any(axis=0)].tolist()
    if broken:
        yield Onset(min(broken), "a gradient is NaN or infinite")


def _saturating(curves: Mapping[str, Curve]) -> Iterator[Onset]:
    """The first gate that saturates to stay so."""
    found = []
    for name, curve in curves.items():
        metric = Metric.of(name)
        if metric is not None and metric.quantity is Quantity.SATURATED:
            step = _for_good(curve, MOST_SATURATED)
            way, _, letter = metric.place.rpartition("/")
            found += [(step, f"gate {letter} of {spoken(way)} saturates")] if step is not None else []
    yield from (Onset(*first) for first in sorted(found)[:1])


def _clipping(curves: Mapping[str, Curve]) -> Iterator[Onset]:
    curve = curves.get(Quantity.CLIPPED.at())
    step = None if curve is None else _for_good(curve, MOST_CLIPPED)
    if step is not None:
        yield Onset(step, "most steps begin to be clipped")


def _for_good(curve: Curve, level: float) -> int | None:
    """The step from which on a metric stays above a level that it began below."""
    below = np.flatnonzero(~(curve.values > level))
    if not below.size or curve.values[0] > level or below[-1] == len(curve.values) - 1:
        return None
    return int(curve.steps[below[-1] + 1])
