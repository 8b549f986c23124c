"""The local file of gradient histograms: one JSON object per line, one line per measured step."""

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from zoo.diagnostics.histogram import OUTSIDE, LogBins, Summary
from zoo.runs.jsonl import append_line, find_journal

JOURNAL = "gradients.jsonl"
"""What the file is called where nobody says otherwise."""


@final
@dataclass(frozen=True, kw_only=True)
class GradientRecord:
    """The gradients of one optimiser step.

    Attributes:
        step: Optimiser steps taken before this one, over all optimisers.
        optimizer: Index of the optimiser that took the step.
        bins: The bins of all histograms here.
        before: Name -> its gradient before any clipping. The rows of a gate are named "weight_hh:f"; of
            parameters without gates, and in files that older versions wrote, whole parameters.
        after: The same just before the update, or None where the gradient scaler skipped the update.
    """

    step: int
    optimizer: int
    bins: LogBins
    before: dict[str, Summary]
    after: dict[str, Summary] | None

    def plain(self) -> dict[str, Any]:
        """This record as numbers, strings, lists and dicts."""
        return {
            "step": self.step,
            "optimizer": self.optimizer,
            "bins": vars(self.bins),
            "before": _plain(self.before),
            "after": None if self.after is None else _plain(self.after),
        }

    @classmethod
    def from_json(cls, line: str) -> "GradientRecord":
        """The record that a line holds.

        Raises:
            ValueError: the line holds no record; a line that a crash cut short is such a one.
        """
        try:
            plain = json.loads(line)
            after, bins = plain["after"], LogBins(**plain["bins"])
            return cls(
                step=plain["step"],
                optimizer=plain["optimizer"],
                bins=bins,
                before=_summaries(plain["before"], bins),
                after=None if after is None else _summaries(after, bins),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a gradient record: {error!r}") from error


def append_gradients(path: Path, record: GradientRecord) -> None:
    """Adds a record to a file, in one write, so that a crash can cost at most the last line."""
    append_line(path, record.plain())


def read_gradients(path: Path | str) -> Iterator[GradientRecord]:
    """The records of a file, in the order they were written, one at a time.

    Lines that a crash cut short are left out with a warning.

    Args:
        path: The file, or the run's folder.

    Raises:
        FileNotFoundError: there is no such file.
    """
    path = journal_in(path)
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}; expected the gradients.jsonl that GradientHistogram writes")
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield GradientRecord.from_json(line)
            except ValueError:
                warnings.warn(f"{path}, line {number} holds no gradient record; left out", stacklevel=2)


def journal_in(path: Path | str) -> Path:
    """The file of gradient records that a path means: itself, or the one in a run's folder."""
    path = Path(path)
    return find_journal(path, JOURNAL, "optimizer") if path.is_dir() else path


def _plain(summaries: dict[str, Summary]) -> dict[str, Any]:
    return {name: _short(summary) for name, summary in summaries.items()}


def _short(summary: Summary) -> dict[str, Any]:
    """The fields of a summary without what is zero: a third of the file, which is written in each run."""
    seen = [index for index, count in enumerate(summary.counts) if count] or [0]
    outside = {name: value for name, value in vars(summary).items() if value and name in OUTSIDE}
    # Six digits of the norm are more than a picture can show.
    return {
        "norm": float(f"{summary.norm:.6g}"),
        "first": seen[0],
        "counts": summary.counts[seen[0] : seen[-1] + 1],
        **outside,
    }


def _summaries(plain: dict[str, Any], bins: LogBins) -> dict[str, Summary]:
    return {name: _whole(fields, bins) for name, fields in plain.items()}


def _whole(fields: dict[str, Any], bins: LogBins) -> Summary:
    counts = [0] * bins.count
    first = fields.get("first", 0)
    counts[first : first + len(fields["counts"])] = fields["counts"]
    if len(counts) != bins.count:
        raise ValueError(f"got counts of {len(counts)} bins; expected {bins.count}")
    outside = {name: fields.get(name, 0) for name in OUTSIDE}
    return Summary(norm=fields["norm"], counts=tuple(counts), **outside)
