"""Reading the files of a run, whole, empty, cut short by a crash, or not there."""

import csv
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, final

import numpy as np
from jaxtyping import Float

Row = TypeVar("Row")
MOST_LETTERS = 100_000_000
METRICS = "metrics.csv"
"""What Lightning's logger of lines calls its file."""


@final
@dataclass(frozen=True)
class Curve:
    """One metric over a run; only the steps at which it was logged.

    Attributes:
        steps: Optimiser steps, ascending.
        values: NaN or infinite where the metric was.
    """

    steps: Float[np.ndarray, " points"]
    values: Float[np.ndarray, " points"]


def missing(path: Path, holds: str) -> str | None:
    """Why there is nothing to read in a file, in a sentence, or None where there is.

    Args:
        path: The file.
        holds: What the page would have shown of it.
    """
    try:
        empty = not path.read_bytes().strip() if path.stat().st_size < 4096 else False
    except OSError:
        return f"This run has no {path.name}, so {holds} left out."
    return f"{path.name} is empty, so {holds} left out." if empty else None


def left_out(count: int, path: Path) -> str:
    """Says that lines could not be read."""
    lines = "line" if count == 1 else "lines"
    those = "it is" if count == 1 else "they are"
    return (
        f"{count} {lines} of {path.name} could not be read, as when a crash cuts one short; {those} left out."
    )


def unread(path: Path, records: Iterable[object]) -> list[str]:
    """Says, if so, that a file has lines that are none of its records."""
    with path.open("rb") as file:
        bad = sum(1 for line in file if line.strip()) - sum(1 for _ in records)
    return [left_out(bad, path)] if bad > 0 else []


def read_text(path: Path, most: int = 200_000) -> str:
    """The text of a file, the beginning of it where it is long, and "" where there is none."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(most)
    except OSError:
        return ""


def read_mapping(path: Path) -> dict[str, Any]:
    """The object in a JSON file, or an empty one."""
    try:
        found = json.loads(read_text(path))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def read_metrics(path: Path) -> tuple[dict[str, Curve], int, int]:
    """The curves of Lightning's metrics.csv.

    Returns:
        Name -> curve; the number of lines that could not be read; the last epoch of training, from 1, or 0.
    """
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        text = file.read()
    whole = text.endswith("\n")
    rows = list(readable(csv.reader(text.replace("\0", "").splitlines()))) or [[]]
    head, body = rows[0], [row for row in rows[1:] if row]
    # Of a last line without its end, the last number may be cut in two.
    bad = [row for row in body if len(row) != len(head) or (row is body[-1] and not whole)]
    good = [row for row in body if not any(row is other for other in bad)]
    points: dict[str, dict[float, float]] = {name: {} for name in head if name not in ("step", "epoch")}
    epochs: set[int] = set()
    for row in good:
        cells = {name: _number(text) for name, text in zip(head, row, strict=True) if text}
        step, current = cells.get("step"), cells.get("epoch")
        tested = all(name.startswith("test/") for name in points.keys() & cells.keys())
        if not tested and current is not None and math.isfinite(current):
            epochs.add(int(current))
        for name in points.keys() & cells.keys():
            value = cells[name]
            if step is not None and math.isfinite(step) and value is not None:
                points[name][step] = value
    curves = {name: _curve(found) for name, found in sorted(points.items()) if found}
    return curves, len(bad), max(epochs, default=0) + (0 in epochs)  # Lightning by itself counts from 0


def epochs_in(path: Path) -> dict[int, int]:
    """The epoch, from 1, of each step at which something was validated."""
    found: dict[int, int] = {}
    for row in readable(csv.DictReader(read_text(path, MOST_LETTERS).splitlines())):
        if any(text and name and name.startswith("val/") for name, text in row.items()):
            step, epoch = _number(row.get("step") or ""), _number(row.get("epoch") or "")
            if step is not None and epoch is not None and math.isfinite(step + epoch):
                found[int(step)] = int(epoch)
    return {step: epoch + (0 in found.values()) for step, epoch in found.items()}


def readable(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of a reader of CSV, up to where the file is none."""
    try:
        yield from rows
    except csv.Error:
        return


def _curve(points: dict[float, float]) -> Curve:
    steps = sorted(points)
    return Curve(np.array(steps, dtype=float), np.array([points[step] for step in steps], dtype=float))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
