"""Data sets of whole series and of windows, and the targets of series."""

from collections.abc import Sequence

import torch
from torch import Tensor

from zoo.data.reading.labels import numbered
from zoo.data.time_series.division import SeriesPart
from zoo.data.time_series.frame import OneSeries, check_lengths
from zoo.data.time_series.options import check_future
from zoo.data.time_series.steps import SeriesTensors
from zoo.data.time_series.windows import WholeSeries, Windows, WindowsOf


def whole_series(
    found: Sequence[OneSeries], tensors: SeriesTensors, targets: Tensor | None, weights: Tensor | None = None
) -> WholeSeries:
    """Series as a whole, with the time between steps where it was learned, and what belongs to each."""
    deltas = [each for each in map(tensors.deltas, found) if each is not None]
    return WholeSeries(
        [tensors.whole(one) for one in found], deltas if tensors.gap is not None else None, targets, weights
    )


def last_windows(
    found: Sequence[OneSeries], tensors: SeriesTensors, input_steps: int, horizon: int
) -> Windows:
    """The windows after which series end.

    Raises:
        ValueError: a series is too short, or does not say what is known of the steps to forecast.
    """
    columns = tensors.columns
    check_lengths(found, input_steps, "a window")
    if columns.known:
        check_future(found, columns.known, horizon)
    cut = WindowsOf(input_steps, horizon, 1, len(columns.targets))
    return cut.of(tensors.steps(found, horizon), found, None, "")


def labels_of(parts: Sequence[SeriesPart]) -> list[str]:
    """The classes of training series, in the order of their numbers.

    Raises:
        ValueError: there is only one.
    """
    labels = sorted({str(part.series.label) for part in parts})
    if len(labels) < 2:
        path = parts[0].series.table.path
        raise ValueError(f"{path}: every label is {labels[0]!r}, expected two different ones")
    return labels


def series_targets(parts: Sequence[SeriesPart], tensors: SeriesTensors, labels: Sequence[str]) -> Tensor:
    """The class (N,) or the scaled number (N, 1) of each series.

    Raises:
        ValueError: a label is none of those of the training data; names the line.
    """
    if tensors.columns.label is None:
        return torch.stack([tensors.number(part.series) for part in parts])
    numbers = numbered(
        [part.series.label for part in parts],
        labels,
        lambda item: parts[item].series.place(0),
        lambda items: f"{len(items)} of {len(parts)} series",
    )
    return torch.tensor(numbers)
