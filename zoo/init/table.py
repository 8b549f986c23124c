"""Text files that are tables: what stands between columns, what these are called, and what is in them."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import final

from zoo.data.reading.columns import shortened
from zoo.data.reading.rows import parquet_rows
from zoo.data.time_series.formats import ArchiveFile
from zoo.data.time_series.numerals import MISSING, PLAIN, Numerals
from zoo.init.source import Source
from zoo.registry import nearest

SEPARATORS = (",", "\t", ";", "|")
LOOKED_AT = 2000
"""Rows from which the kinds of columns are told."""
MOST_WORDS = 0.05
"""Share of words up to which a column is one of numbers, and the words are mistakes."""
MARKS = ",.' "
"""What stands within numbers."""
WRITTEN = (
    PLAIN,
    *(Numerals(thousands=mark) for mark in (",", " ", "'")),
    Numerals(decimal=","),
    *(Numerals(decimal=",", thousands=mark) for mark in (".", " ", "'")),
)
"""How numbers may be written, the likelier first."""
BESIDE_SEMICOLONS = sorted(WRITTEN, key=lambda numerals: numerals.decimal == "." and numerals != PLAIN)
"""The same, where a comma would have stood between columns if it were not within numbers."""


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
    is_numeric: bool = False
    """Whether all values are numbers."""
    word: tuple[int, str] | None = None
    """Row, from 1, and text of the first value that is no number, where nearly all others are."""

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
    numerals: Numerals = PLAIN
    """How numbers are written."""

    @classmethod
    def of(cls, source: Source) -> "Table | None":
        """The table that a file holds; None where it is none.

        Raises:
            ValueError: it is a file of Parquet or npz, and damaged or of another kind.
        """
        ending = source.file.suffix.lower()
        if ending == ".parquet":
            return cls._made(",", True, list(islice(parquet_rows(source.file), LOOKED_AT)))
        if ending == ".npz":
            file = ArchiveFile(source.file)
            return cls._made(",", True, [file.names, *file.head(LOOKED_AT)])
        separator = _separator(source.head) or _alone(source.head)
        if separator is None:
            return None
        rows = list(islice(rows_of_head(source.head, separator), LOOKED_AT))
        return None if len(rows) < 2 else cls._made(separator, _has_header(rows), rows)

    @classmethod
    def _made(cls, separator: str, header: bool, rows: Sequence[Sequence[str]]) -> "Table":
        names = rows[0] if header else [str(number) for number in range(len(rows[0]))]
        body = rows[1:] if header else rows
        numerals = _numerals(body, BESIDE_SEMICOLONS if separator == ";" else WRITTEN)
        columns = tuple(
            _column(name.strip(), k, body, numerals) for k, name in enumerate(names) if name.strip()
        )
        return cls(separator=separator, header=header, columns=columns, numerals=numerals)

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
            lines, delimiter=separator, quoting=csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL
        ):
            if any(field.strip() for field in row):
                yield row
    except csv.Error:
        return


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
    named = (
        first[1:] if not first[0].strip() else first
    )  # rows that were numbered have a column without a name
    if any(not field.strip() or _is_number(field) for field in named) or len(set(first)) < len(first):
        return False
    numeric = [all(_is_number(row[k]) for row in others[:50] if k < len(row)) for k in range(len(first))]
    if any(numeric):
        return True
    longest = max(len(field) for field in first)
    return longest <= 40 and all(" " not in field.strip() or len(field) <= 20 for field in first)


def _column(name: str, number: int, rows: Sequence[Sequence[str]], numerals: Numerals) -> Column:
    fields = [row[number] if number < len(row) else "" for row in rows]
    values = tuple(field for field in fields if field.strip() not in MISSING)
    words = [(row, field) for row, field in enumerate(fields, 1) if not _is_number(field, numerals)]
    return Column(
        name=name,
        number=number,
        values=values,
        missing=len(fields) - len(values),
        is_numeric=bool(values) and not words,
        word=words[0] if words and len(words) <= MOST_WORDS * len(values) else None,
    )


def _numerals(rows: Sequence[Sequence[str]], written: Sequence[Numerals]) -> Numerals:
    """How the most fields are numbers; as a computer writes them, if that is as good as any other."""
    fields = {field.strip() for row in rows for field in row if any(mark in field for mark in MARKS)}
    return max(written, key=lambda numerals: sum(map(numerals.is_number, fields)))


def _is_number(text: str, numerals: Numerals = PLAIN) -> bool:
    return numerals.is_number(text.strip()) or text.strip() in MISSING
