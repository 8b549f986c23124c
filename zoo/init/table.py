"""Text files that are tables: what stands between columns, what these are called, and what is in them."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import final

from zoo.data.reading.columns import shortened
from zoo.init.source import Source
from zoo.registry import nearest

SEPARATORS = (",", "\t", ";", "|")
LOOKED_AT = 2000
"""Rows from which the kinds of columns are told."""
MOST_WORDS = 0.05
"""Share of words up to which a column is one of numbers, and the words are mistakes."""
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-"})


@final
@dataclass(frozen=True, kw_only=True)
class Column:
    """A column, as its first rows say."""

    name: str
    number: int
    """From 0."""
    values: tuple[str, ...]
    """Those that are not missing, in the order of rows."""
    missing: int
    word: tuple[int, str] | None = None
    """Row, from 1, and text of the first value that is no number, where nearly all others are."""

    @property
    def is_numeric(self) -> bool:
        """Whether all values are numbers."""
        return bool(self.values) and all(map(_is_number, self.values))

    @property
    def words(self) -> float:
        """The mean number of words of a value."""
        return sum(len(value.split()) for value in self.values) / max(1, len(self.values))

    @property
    def is_text(self) -> bool:
        """Whether the values are texts: several words each, and hardly any twice."""
        return not self.is_numeric and self.words >= 2.5 and self.distinct > len(self.values) / 2

    @property
    def distinct(self) -> int:
        return len(set(self.values))

    @property
    def is_label(self) -> bool:
        """Whether few values occur often: words, or whole numbers."""
        whole = all(value.strip().lstrip("+-").isdigit() for value in self.values)
        few = 2 <= self.distinct <= max(2, min(100, len(self.values) // 3))
        return few and self.words < 2.5 and (whole or not self.is_numeric)


@final
@dataclass(frozen=True, kw_only=True)
class Table:
    """A file of rows and columns."""

    separator: str
    header: bool
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, source: Source) -> "Table | None":
        """The table that a file holds; None where it is none."""
        if source.file.suffix.lower() == ".parquet":
            return cls._made(",", True, _parquet_rows(source.file))
        separator = _separator(source.head) or _alone(source.head)
        if separator is None:
            return None
        rows = list(islice(rows_of_head(source.head, separator), LOOKED_AT))
        return None if len(rows) < 2 else cls._made(separator, _has_header(rows), rows)

    @classmethod
    def _made(cls, separator: str, header: bool, rows: Sequence[Sequence[str]]) -> "Table":
        names = rows[0] if header else [str(number) for number in range(len(rows[0]))]
        body = rows[1:] if header else rows
        columns = tuple(_column(name.strip(), k, body) for k, name in enumerate(names))
        return cls(separator=separator, header=header, columns=columns)

    def named(self, name: str) -> Column:
        """The column of a name or number.

        Raises:
            ValueError: there is none.
        """
        names = [column.name for column in self.columns]
        found = [column for column in self.columns if name in (column.name, str(column.number))]
        if not found:
            raise ValueError(
                f"there is no column {name!r}{nearest(name, names) or ';'} columns: {shortened(names)}"
            )
        return found[0]


def rows_of_head(lines: Sequence[str], separator: str) -> Iterator[list[str]]:
    """The rows of the first lines that are not blank; the last may be cut."""
    try:
        for row in csv.reader(
            lines, delimiter=separator, quoting=csv.QUOTE_MINIMAL if separator == "," else csv.QUOTE_NONE
        ):
            if any(field.strip() for field in row):
                yield row
    except csv.Error:
        return


def _parquet_rows(path: Path) -> list[list[str]]:
    """The names of the columns, and the first rows."""
    from pyarrow.parquet import ParquetFile  # a large library that only Parquet needs

    batch = next(ParquetFile(path).iter_batches(LOOKED_AT))
    rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
    return [batch.schema.names, *(["" if value is None else str(value) for value in row] for row in rows)]


def _separator(lines: Sequence[str]) -> str | None:
    """What divides most lines into as many columns, at least two."""
    best, most = None, 0.0
    for separator in SEPARATORS:
        widths = Counter(len(row) for row in islice(rows_of_head(lines, separator), 200))
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: item[1])
        share = count / widths.total()
        if width > 1 and share > 0.9 and share * width > most:
            best, most = separator, share * width
    return best


def _alone(lines: Sequence[str]) -> str | None:
    """A comma, which divides nothing, where each line is one number, below a name perhaps."""
    filled = [line for line in lines if line.strip()]
    return "," if len(filled) > 2 and all(map(_is_number, filled[1:])) else None


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: it has no number where those below have."""
    first, *others = rows
    if any(not field.strip() or _is_number(field) for field in first) or len(set(first)) < len(first):
        return False
    numeric = [all(_is_number(row[k]) for row in others[:50] if k < len(row)) for k in range(len(first))]
    if any(numeric):
        return True
    longest = max(len(field) for field in first)
    return longest <= 40 and all(" " not in field.strip() or len(field) <= 20 for field in first)


def _column(name: str, number: int, rows: Sequence[Sequence[str]]) -> Column:
    fields = [row[number] if number < len(row) else "" for row in rows]
    values = tuple(field for field in fields if field.strip().lower() not in MISSING)
    words = [(row, field) for row, field in enumerate(fields, 1) if not _is_number(field)]
    odd = words[0] if words and len(words) <= MOST_WORDS * len(values) else None
    return Column(name=name, number=number, values=values, missing=len(fields) - len(values), word=odd)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text.strip().lower() in MISSING
    return True
