"""Series as tensors: scaled, filled, with masks, seasons and the time between steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from zoo.data.time_series.clock import Clock
from zoo.data.time_series.columns import SeriesColumns
from zoo.data.time_series.date_order import order_of
from zoo.data.time_series.division import SeriesPart
from zoo.data.time_series.frame import OneSeries
from zoo.data.time_series.scaling import Scaling, filled
from zoo.data.time_series.table import Numbers
from zoo.data.time_series.times import gaps
from zoo.data.time_series.windows import Steps, Windows


@final
@dataclass(frozen=True, kw_only=True)
class SeriesTensors:
    """How series become tensors; what of it is learned is learned from the training part.

    Attributes:
        columns: What is read.
        varying: The scaling of what varies in time: targets, past, known.
        constant: The scaling of what does not.
        masks: Whether to say where values were missing.
        season: Steps of a season, whose phase is known ahead; None without.
        gap: The usual time between steps; None where deltas are not asked for.
        clock: When seasons begin; None where each series begins one.
        order: Whether dates begin with a day or with a month; None where there is no such question.
    """

    columns: SeriesColumns
    varying: Scaling
    constant: Scaling
    masks: bool
    season: int | None
    gap: float | None
    clock: Clock | None
    order: str | None

    @classmethod
    def learned(
        cls,
        parts: Sequence[SeriesPart],
        columns: SeriesColumns,
        scale: str,
        masks: bool,
        season: int | None,
        deltas: bool,
    ) -> "SeriesTensors":
        """That of training series."""
        gap = None
        if deltas:
            between = [gaps(_times(part.series)[: part.end]) for part in parts]
            gap = float(np.median(np.concatenate(between))) if sum(map(len, between)) else 1.0
        return cls(
            columns=columns,
            varying=Scaling.fitted([part.series.values[part.first : part.end] for part in parts], scale),
            constant=Scaling.fitted([part.series.constant[None, : columns.scaled] for part in parts], scale),
            masks=masks,
            season=season,
            gap=gap,
            clock=Clock.learned([part.series.times for part in parts], season),
            order=order_of([part.series for part in parts]),
        )

    @property
    def width(self) -> int:
        """Columns of x."""
        return len(self.columns.inputs) * (2 if self.masks else 1)

    def inputs(self, series: OneSeries) -> Tensor:
        """(T, I): targets and past covariates, then where they were missing (1) or not (0).

        A missing value is filled with the last one before it, or with the training mean where there is none.
        """
        return self.raw(series.values[:, : len(self.columns.inputs)])

    def raw(self, own: Numbers) -> Tensor:
        """`inputs` of values (T, targets and past)."""
        count = len(self.columns.inputs)
        scaling = Scaling(self.varying.center[:count], self.varying.spread[:count])
        x = scaling.down(filled(own)).nan_to_num_(0)
        return torch.cat([x, torch.from_numpy(np.isnan(own)).float()], 1) if self.masks else x

    def known(self, series: OneSeries, ahead: int = 0) -> Tensor:
        """(T + ahead, F): known covariates, 0 beyond the end; sine and cosine of the time of the season.

        At steps that no row was there for, covariates are those of the step before.
        """
        count = len(self.columns.inputs)
        scaling = Scaling(self.varying.center[count:], self.varying.spread[count:])
        values = torch.zeros(len(series) + ahead, len(self.columns.known))
        values[: len(series)] = scaling.down(filled(series.values[:, count:]))
        if self.season is None:
            return values
        times = series.times
        first = 0 if self.clock is None or times is None else self.clock.phase(times, self.season)
        phase = (first + torch.arange(len(values))) % self.season * (2 * torch.pi / self.season)
        return torch.cat([values, phase.sin()[:, None], phase.cos()[:, None]], 1)

    def static(self, series: OneSeries) -> Tensor:
        """(S,): what does not vary."""
        return self._constant(series)[: len(self.columns.static)]

    def _constant(self, series: OneSeries) -> Tensor:
        """What does not vary, scaled; without the number in series to predict."""
        own = series.constant[None, : self.columns.scaled]
        scaling = Scaling(self.constant.center[: own.shape[1]], self.constant.spread[: own.shape[1]])
        return scaling.down(own)[0]

    def whole(self, series: OneSeries) -> Tensor:
        """(T, I): all that is said of a series at each step."""
        static = self.static(series).expand(len(series), -1)
        return torch.cat([self.inputs(series), self.known(series), static], 1)

    def in_units(self, numbers: Tensor) -> Tensor:
        """Numbers that belong to series, (N, 1), in their own units; others as they are."""
        if self.columns.number is None:
            return numbers
        return numbers * float(self.constant.spread[-1]) + float(self.constant.center[-1])

    def windows(self, items: Sequence[Tensor], horizon: int) -> Windows:
        """One window each, (T, I), with nothing known of what comes."""
        length, count = len(items[0]), len(items)
        targets = len(self.columns.targets)
        steps = Steps(
            x=torch.cat([_padded(item, horizon) for item in items]),
            known=torch.zeros(count * (length + horizon), 0),
            deltas=None,
            static=torch.zeros(count, 0),
            center=torch.from_numpy(self.varying.center[:targets]).float(),
            spread=torch.from_numpy(self.varying.spread[:targets]).float(),
        )
        numbers = torch.arange(count)
        return Windows(
            steps, numbers * (length + horizon), numbers, numbers * 0 + length, length, horizon, False
        )

    def number(self, series: OneSeries) -> Tensor:
        """(1,): the number that belongs to a series, scaled."""
        return self._constant(series)[len(self.columns.static) :]

    def deltas(self, series: OneSeries) -> Tensor | None:
        """(T,): the time since the step before, in usual gaps; 1 at the first step."""
        if self.gap is None:
            return None
        return torch.from_numpy(np.concatenate([[1.0], gaps(_times(series)) / self.gap])).float()

    def steps(self, found: Sequence[OneSeries], ahead: int) -> Steps:
        """All steps of series end to end, each with `ahead` empty ones after it."""
        targets, deltas = len(self.columns.targets), [self.deltas(series) for series in found]
        return Steps(
            x=torch.cat([_padded(self.inputs(series), ahead) for series in found]),
            known=torch.cat([self.known(series, ahead) for series in found]),
            deltas=None
            if self.gap is None
            else torch.cat([_padded(each, ahead) for each in deltas if each is not None]),
            static=torch.stack([self.static(series) for series in found]),
            center=torch.from_numpy(self.varying.center[:targets]).float(),
            spread=torch.from_numpy(self.varying.spread[:targets]).float(),
        )

    def plain(self) -> dict[str, Any]:
        """What was learned, as plain values."""
        return {
            "targets": list(self.columns.targets),
            "varying": self.varying.plain(),
            "constant": self.constant.plain(),
            "gap": self.gap,
            "clock": None if self.clock is None else list(self.clock),
            "order": self.order,
        }

    @classmethod
    def restored(
        cls, state: Mapping[str, Any], columns: SeriesColumns, masks: bool, season: int | None
    ) -> "SeriesTensors":
        """What `plain` gave, with what is not learned."""
        return cls(
            columns=SeriesColumns(**{**vars(columns), "targets": tuple(state["targets"])}),
            varying=Scaling.restored(state["varying"]),
            constant=Scaling.restored(state["constant"]),
            masks=masks,
            season=season,
            gap=state["gap"],
            clock=None if state.get("clock") is None else Clock(*state["clock"]),
            order=state.get("order"),
        )


def _times(series: OneSeries) -> Any:
    return np.arange(len(series)) if series.times is None else series.times


def _padded(values: Tensor, ahead: int) -> Tensor:
    return torch.cat([values, values.new_zeros(ahead, *values.shape[1:])])


def two_axes(number: int, item: Any, names: Sequence[str], least: int, fills: bool) -> Numbers:
    """A user's own series as (T, C).

    Args:
        number: Which it is, for messages.
        item: The series.
        names: What its columns are.
        least: The steps that it must have.
        fills: Whether NaN is filled.

    Raises:
        ValueError: it has another shape, or holds what is not finite.
    """
    values = np.asarray(item, dtype=np.float64)
    if np.isinf(values).any() or (not fills and np.isnan(values).any()):
        expected = "finite numbers, or NaN where one is missing" if fills else "finite numbers"
        raise ValueError(
            f"item {number} holds {'infinities' if fills else 'NaN or infinities'}; expected {expected}"
        )
    values = values[:, None] if values.ndim == 1 and len(names) == 1 else values
    if values.ndim != 2 or values.shape[1] != len(names) or len(values) < least:
        raise ValueError(
            f"item {number} has shape {values.shape}; expected ({least} or more, {len(names)}): "
            f"{', '.join(names)}"
        )
    return values
