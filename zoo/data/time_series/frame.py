"""Series from tables: rows divided by id, in the order of time, checked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Integer

from zoo.data.reading.faults import listed
from zoo.data.reading.files import tell
from zoo.data.time_series.columns import SeriesColumns
from zoo.data.time_series.table import Numbers, TableFile
from zoo.data.time_series.times import BadTimeError, DateOrder, Ticks, TimeReader, after, plain

LARGE = 2**26
"""Bytes of a file of which it is said what is read."""
Rows = Integer[np.ndarray, "..."]


@final
@dataclass(frozen=True, kw_only=True)
class OneSeries:
    """One series, as it is in its file.

    Attributes:
        id: What it is called.
        values: (T, .), the columns that vary: targets, past, known; NaN where missing.
        constant: The numbers that do not vary.
        times: Of the steps; None without a time column.
        label: Its class, if there is a column of labels.
        rows: Its rows in the table; None where they are all.
        table: Where it is from.
        end: The steps before the future: rows at the end that have known covariates and no target.
        dates: Whether its dates begin with a day or with a month; None where there is no such question.
    """

    id: str
    values: Numbers
    constant: Numbers
    times: Ticks | None
    label: str | None
    rows: Rows | None
    table: TableFile
    end: int
    dates: DateOrder | None

    def __len__(self) -> int:
        return len(self.values)

    def times_from(self, first: int, count: int) -> list[Any]:
        """The times of `count` steps from this one on, also beyond the end; without times, step numbers."""
        if self.times is None or len(self) < 2:
            return list(range(first, first + count))
        beyond = max(0, first + count - len(self))
        ticks = plain(np.concatenate([self.times, after(self.times, beyond)]) if beyond else self.times)
        return ticks[first : first + count]

    def place(self, step: int) -> str:
        """File and line of a step, for messages."""
        row = step if self.rows is None else int(self.rows[step])
        return f"{self.table.path}, {self.table.place(row)}"


def read_series(
    table: TableFile, columns: SeriesColumns, missing_ok: bool, order: str | None = None
) -> list[OneSeries]:
    """All series of a file.

    Args:
        table: The file.
        columns: What its columns are.
        missing_ok: Whether values that vary may be missing, apart from known ones.
        order: Whether dates begin with a day or a month where they do not tell; see `TimeReader`.

    Raises:
        ValueError: a column is not there, or values, times or labels are not as they should be; names file,
            line and column.
    """
    table.check([*columns.numbers, *columns.words])
    reader = TimeReader(order)
    numbers, words = _collected(table, columns, reader)
    if not len(numbers):
        raise ValueError(f"{table.path} has a header and nothing else, expected rows below it")
    when = (None, None) if columns.time is None else (reader.ticks(), reader.dates)
    found = [
        _one(table, columns, numbers, words, *when, *part)
        for part in _parts(table, columns, words, len(numbers))
    ]
    for series in found:
        _check_times(series)
        _check_missing(series, columns, missing_ok)
    return found


def _collected(
    table: TableFile, columns: SeriesColumns, reader: TimeReader
) -> tuple[Numbers, dict[str, "_Coded"]]:
    """The columns of all rows: numbers (N, .) and words; the reader gets the times."""
    coded = {name: _Coded() for name in (columns.id, columns.label) if name is not None}
    blocks, rows = list[Numbers](), 0
    for piece in table.pieces(columns.numbers, columns.words):
        numbers = [np.asarray(piece[name], dtype=np.float64) for name in columns.numbers]
        blocks.append(np.stack(numbers, 1))
        for name, kept in coded.items():
            kept.add(piece[name])
        if columns.time is not None:
            try:
                reader.add(list(piece[columns.time]))
            except BadTimeError as error:
                place = table.place(rows + error.row)
                raise ValueError(f"{table.path}, {place}: column {columns.time!r}: {error}") from None
        rows += len(blocks[-1])
    whole = np.concatenate(blocks) if blocks else np.empty((0, len(columns.numbers)))
    _tell_size(table, rows, len(columns.numbers) + len(columns.words), len(table.names))
    return whole, coded


@final
class _Coded:
    """A column of words as the numbers of different words; -1 where one is missing."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self._blocks: list[Rows] = []

    def add(self, words: Any) -> None:
        codes = [
            -1 if word is None else self.names.setdefault(word.strip(), len(self.names)) for word in words
        ]
        self._blocks.append(np.array(codes, dtype=np.int64))

    @property
    def codes(self) -> Rows:
        return np.concatenate(self._blocks)


def _parts(
    table: TableFile, columns: SeriesColumns, words: dict[str, _Coded], count: int
) -> Iterator[tuple[str, Rows | None]]:
    """The name of each series, and its rows; None for all."""
    if columns.id is None:
        yield table.path.stem, None
        return
    coded = words[columns.id]
    codes = coded.codes
    if (codes < 0).any():
        place = table.place(int(np.argmax(codes < 0)))
        raise ValueError(f"{table.path}, {place}: column {columns.id!r}: the id is missing")
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(coded.names)))
    for name, number in coded.names.items():
        yield name, order[ends[number - 1] if number else 0 : ends[number]]


def _one(
    table: TableFile,
    columns: SeriesColumns,
    numbers: Numbers,
    words: dict[str, _Coded],
    times: Ticks | None,
    dates: DateOrder | None,
    *part: Any,
) -> OneSeries:
    """A series of some rows."""
    name, rows = part
    own = numbers if rows is None else numbers[rows]
    varying = len(columns.inputs) + len(columns.known)
    series = OneSeries(
        id=name,
        values=own[:, :varying],
        constant=own[0, varying:],
        times=times if rows is None or times is None else times[rows],
        label=_label(table, columns.label, words, name, rows),
        rows=rows,
        table=table,
        end=_end(own[:, : len(columns.targets)], columns),
        dates=dates,
    )
    constant = own[:, varying:]
    changed = ((constant != constant[0]) & ~(np.isnan(constant) & np.isnan(constant[0]))).nonzero()
    if len(changed[0]):
        column = columns.constant[changed[1][0]]
        raise ValueError(
            f"{series.place(int(changed[0][0]))}: column {column!r} changes; expected one number for all of "
            f"series {name!r}"
        )
    return series


def _end(targets: Numbers, columns: SeriesColumns) -> int:
    """The steps up to the last that has a target, where what is known says something of those after it."""
    if not columns.known or columns.label is not None or columns.number is not None:
        return len(targets)
    there = np.nonzero(~np.isnan(targets).all(1))[0]
    return 1 + int(there[-1]) if len(there) else 0


def _label(
    table: TableFile, column: str | None, words: dict[str, _Coded], name: str, rows: Rows | None
) -> str | None:
    """The one label of a series."""
    if column is None:
        return None
    codes = words[column].codes if rows is None else words[column].codes[rows]
    wrong = (codes != codes[0]) | (codes < 0)
    if wrong.any():
        step = int(np.argmax(wrong))
        place = table.place(step if rows is None else int(rows[step]))
        raise ValueError(
            f"{table.path}, {place}: column {column!r}: the label is "
            f"{'missing' if codes[step] < 0 else 'another than before'}; expected one for all of series "
            f"{name!r}"
        )
    return list(words[column].names)[int(codes[0])]


def _check_times(series: OneSeries) -> None:
    """Refuses times that do not ascend."""
    if series.times is None or len(series) < 2:
        return
    wrong = series.times[1:] <= series.times[:-1]
    if wrong.any():
        step = 1 + int(np.argmax(wrong))
        before, own = plain(series.times[step - 1 : step + 1])
        what = "is there twice" if before == own else f"comes after {before}"
        raise ValueError(
            f"{series.place(step)}: time {own} {what} in series {series.id!r}, in {int(wrong.sum())} of "
            f"{len(series)} rows; expected ascending times, each once"
        )


def _check_missing(series: OneSeries, columns: SeriesColumns, missing_ok: bool) -> None:
    """Refuses values that are missing and may not be, and infinite ones."""
    names = (*columns.inputs, *columns.known)
    bad = ~np.isfinite(series.values)
    if missing_ok:
        bad[:, : len(columns.inputs)] = np.isinf(series.values[:, : len(columns.inputs)])
    bad[series.end :, : len(columns.inputs)] = False
    for name, lacks in zip(names, bad.T, strict=True):
        if lacks.any():
            help_ = "" if name in columns.known else ", or missing: fill"
            raise ValueError(
                f"{series.place(int(np.argmax(lacks)))}: column {name!r} has no number, in "
                f"{int(lacks.sum())} of {len(series)} rows of series {series.id!r}; expected numbers{help_}"
            )
    lacking = [
        name for name, value in zip(columns.constant, series.constant, strict=True) if not np.isfinite(value)
    ]
    if lacking:
        raise ValueError(
            f"{series.place(0)}: column {lacking[0]!r} has no number; expected one for every series"
        )


def _tell_size(table: TableFile, rows: int, read: int, names: int) -> None:
    if table.size >= LARGE:
        size = rows * read * 8 / 2**20
        tell(f"{table.path}: {rows} rows, {read} of {names} columns are kept, {size:.0f} MiB")


def check_lengths(all_series: Sequence[OneSeries], needed: int, what: str) -> None:
    """Refuses series that are too short.

    Raises:
        ValueError: names the first.
    """
    short = [series for series in all_series if series.end < needed]
    if short:
        others = f", and {len(short) - 1} others are too short" if len(short) > 1 else ""
        raise ValueError(
            f"{short[0].table.path}: series {short[0].id!r} has {short[0].end} rows, and {what} needs "
            f"{needed}{others} ({listed([each.id for each in short])}); expected longer series, or smaller "
            f"input_steps"
        )
