"""Histograms of gradients over a run as columns of a map, few enough for a screen however long the run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np
from jaxtyping import Int

from zoo.diagnostics.histogram import LogBins, Summary
from zoo.diagnostics.parameter_paths import place_of
from zoo.report.figure import MOST_COLUMNS
from zoo.runs.gradient_records import GradientRecord

PanelRow = tuple[str, str, str]
"""Moment ("before" or "after" clipping), layer, and the part of the layer, "" for the whole of it."""

Counts = Int[np.ndarray, " bins_and_3"]
"""Entries that are zero or below the first bin; entries per bin; those above the last; those not finite."""


@final
@dataclass
class Column:
    """Neighbouring records, added up.

    Attributes:
        first: Optimiser step of the first of them.
        last: Optimiser step of the last of them.
        optimizers: Whose steps are in it.
        rounds: How often the first of them was followed by one of the same optimiser, and one.
        counts: What was counted, by row.
    """

    first: int
    last: int
    optimizers: set[int]
    rounds: int = 1
    counts: dict[PanelRow, Counts] = field(default_factory=dict)

    def add(self, other: "Column") -> None:
        """Takes in a later one."""
        self.last = max(self.last, other.last)
        self.rounds += other.rounds if self.optimizers & other.optimizers else 0
        self.optimizers |= other.optimizers
        for row, counts in other.counts.items():
            self.counts[row] = self.counts[row] + counts if row in self.counts else counts


@final
@dataclass(frozen=True)
class HistogramColumns:
    """The histograms of a run.

    Attributes:
        bins: Of all of them.
        columns: At most twice `MOST_COLUMNS`, in the order of their steps.
        others: Records left out because they were counted in other bins.
    """

    bins: LogBins
    columns: list[Column]
    others: int

    def rows(self, moment: str, layer: str | None = None) -> list[PanelRow]:
        """The layers, or the parts of one layer, in the order of the model."""
        found = dict.fromkeys(row for column in self.columns for row in column.counts)
        return [
            row
            for row in found
            if row[0] == moment and ((row[2] == "") if layer is None else (row[1] == layer and row[2] != ""))
        ]


def collect(records: Iterable[GradientRecord]) -> HistogramColumns | None:
    """The records of one run in columns, or None where there is no record.

    Where steps repeat, because a run was resumed, the later records count. The steps that several optimisers
    take in turn share a column.
    """
    bins: LogBins | None = None
    columns: list[Column] = []
    each, others = 1, 0
    for record in records:
        bins = bins or record.bins
        if record.bins != bins:
            others += 1
            continue
        while columns and columns[-1].last >= record.step:
            columns.pop()
        column = _column(record)
        last = columns[-1] if columns else None
        if last is not None and (last.rounds < each or record.optimizer not in last.optimizers):
            last.add(column)
        else:
            columns.append(column)
        if len(columns) > 2 * MOST_COLUMNS:
            columns, each = _halved(columns), 2 * each
    return None if bins is None or not columns else HistogramColumns(bins, columns, others)


def merged(columns: list[Column], most: int) -> list[Column]:
    """Neighbours added up until at most so many are left; those given stay as they are."""
    while len(columns) > most:
        columns = _halved([replace(c, optimizers=set(c.optimizers), counts=dict(c.counts)) for c in columns])
    return columns


def _halved(columns: list[Column]) -> list[Column]:
    for one, two in zip(columns[::2], columns[1::2], strict=False):
        one.add(two)
    return columns[::2]


def _column(record: GradientRecord) -> Column:
    column = Column(first=record.step, last=record.step, optimizers={record.optimizer})
    moments = {"before": record.before, "after": record.after or {}}
    for moment, summaries in moments.items():
        for name, summary in summaries.items():
            counts = _counts(summary)
            for row in _rows(moment, name):
                column.counts[row] = column.counts[row] + counts if row in column.counts else counts
    return column


def _rows(moment: str, name: str) -> Iterator[PanelRow]:
    place = place_of(name)
    yield moment, place.layer, ""
    if moment == "before":
        yield (
            moment,
            place.layer,
            " ".join(part for part in (place.direction, place.gate, place.block) if part),
        )


def _counts(summary: Summary) -> Counts:
    few = summary.zero + summary.under
    return np.array([few, *summary.counts, summary.over, summary.nonfinite], dtype=np.int64)
