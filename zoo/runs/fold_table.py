"""What each fold of a cross-validation measured, in one table, with mean and standard deviation."""

from collections.abc import Mapping
from csv import DictReader
from pathlib import Path

import numpy as np

from zoo.runs.record_file import write_rows

FOLDS = "folds.csv"
"""What the table is called."""
Metrics = Mapping[str, float]
"""Numbers by name."""


def read_folds(path: Path) -> dict[int, Metrics]:
    """What the folds that are done measured, by their numbers; nothing where there is no table."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in DictReader(file) if row["fold"].isdecimal()]
    return {
        int(row["fold"]): {name: float(text) for name, text in row.items() if name != "fold" and text}
        for row in rows
    }


def write_folds(path: Path, done: Mapping[int, Metrics], folds: int) -> None:
    """Writes a row for each fold that is done and, once all are, those of `summary`; whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    rows: dict[str, Metrics] = {str(number): done[number] for number in sorted(done)}
    if len(done) == folds:
        rows |= summary(done)
    names = dict.fromkeys(name for metrics in done.values() for name in metrics)
    write_rows(
        ({"fold": row, **{name: metrics.get(name) for name in names}} for row, metrics in rows.items()), path
    )


def summary(done: Mapping[int, Metrics]) -> dict[str, Metrics]:
    """Of each metric over the folds that have it `mean` and `std`, the sample standard deviation (n - 1)."""
    values: dict[str, list[float]] = {}
    for metrics in done.values():
        for name, value in metrics.items():
            values.setdefault(name, []).append(value)
    with np.errstate(invalid="ignore"):  # of what is infinite there is no deviation
        return {
            "mean": {name: float(np.mean(each)) for name, each in values.items()},
            "std": {name: float(np.std(each, ddof=1)) for name, each in values.items() if len(each) > 1},
        }


def lines(done: Mapping[int, Metrics]) -> list[str]:
    """The table for people: a line for each fold, then mean and standard deviation."""
    rows = {**{str(number): done[number] for number in sorted(done)}, **summary(done)}
    names = list(dict.fromkeys(name for metrics in done.values() for name in metrics))
    table = [["fold", *names]]
    for row, metrics in rows.items():
        table.append([row, *(f"{metrics[name]:.4g}" if name in metrics else "" for name in names)])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(8), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in table
    ]
