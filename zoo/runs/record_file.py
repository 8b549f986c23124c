"""Rows of plain values as a file: CSV, JSON lines or Parquet, whole or not at all."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from zoo.registry import nearest
from zoo.runs.atomic_file import atomic_file

Row = Mapping[str, Any]
ROWS_OF_A_GROUP = 10_000


def write_rows(rows: Iterable[Row], path: Path) -> int:
    """Writes rows in the format that the ending of the file names, and returns how many they are.

    The columns are those of the first row. In CSV a list is written as JSON, and what is None is empty. JSON
    has no numbers that are not finite: see `plain`.

    Raises:
        ValueError: the ending names no format, or there is nothing to write Parquet with.
        OSError: the file cannot be written.
    """
    writer = FORMATS[checked_format(path)]
    count = 0

    def counted() -> Iterator[Row]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as file:
        writer(counted(), file)
    return count


def checked_format(path: Path) -> str:
    """The ending of a file, if rows can be written so.

    Raises:
        ValueError: they cannot.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS:
        known = ", ".join(FORMATS)
        raise ValueError(f"{path} ends in {ending!r}; expected one of {known}{nearest(ending, FORMATS)[1:]}")
    if ending == ".parquet":
        _pyarrow()
    return ending


def _write_csv(rows: Iterator[Row], file: IO[bytes]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    first = next(rows, None)
    if first is not None:
        table = csv.DictWriter(text, list(first))
        table.writeheader()
        table.writerows({name: _cell(value) for name, value in row.items()} for row in chain([first], rows))
    text.flush()
    text.detach()


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def plain(value: Any) -> Any:
    """A value for people and for JSON: what is not finite is None; single precision has no more digits."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return None
    single = np.float32(value)
    return float(str(single)) if float(single) == value else value


def _write_json_lines(rows: Iterator[Row], file: IO[bytes]) -> None:
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False, default=str, allow_nan=False).encode() + b"\n")


def _write_parquet(rows: Iterator[Row], file: IO[bytes]) -> None:
    pyarrow, parquet = _pyarrow()
    writer = None
    while group := list(islice(rows, ROWS_OF_A_GROUP)):
        table = pyarrow.Table.from_pylist(group, schema=None if writer is None else writer.schema)
        writer = writer or parquet.ParquetWriter(file, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # a large library that only Parquet needs
        import pyarrow.parquet
    except ImportError:
        raise ValueError("Parquet needs pyarrow (`pip install pyarrow`); expected .csv or .jsonl") from None
    return pyarrow, pyarrow.parquet


FORMATS: dict[str, Callable[[Iterator[Row], IO[bytes]], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_json_lines,
    ".parquet": _write_parquet,
}
"""Ending of a file -> what writes rows to it."""
