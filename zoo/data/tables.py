"""Labelled texts in tables (CSV, TSV) and in lines of label and text."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from zoo.data.files import read_text
from zoo.registry import nearest

ENDINGS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
FIELD_LIMIT = 2**24  # characters of one field; Python's own limit of 2**17 is less than a long article


class Example(NamedTuple):
    """One labelled text and where it stands."""

    path: Path
    line: int
    text: str
    label: str | None


@dataclass(frozen=True, kw_only=True)
class Table:
    """How to read a file of labelled texts; what is None follows from the rest."""

    separator: str | None
    """Between columns: a comma (fields may be quoted), a tab (no quoting), or a space (label, then text)."""
    header: bool | None
    """Whether the first line names the columns."""
    text: int | str | None
    """Column of the text: a name or, from 0, a number."""
    label: int | str | None
    """Column of the label: a name or, from 0, a number."""
    encoding: str
    """Encoding of the files."""

    def __post_init__(self) -> None:
        if self.separator is not None and len(self.separator) != 1:
            raise ValueError(f"separator must be one character, got {self.separator!r}")
        if self.header is False and self.separator != " ":
            for name, column in (("text", self.text), ("label", self.label)):
                if not isinstance(column, int):
                    raise ValueError(
                        f"without a header, {name} must be the number of a column, from 0, got {column!r}"
                    )
        for name, column in (("text", self.text), ("label", self.label)):
            if isinstance(column, int) and column < 0:
                raise ValueError(f"{name} must be a column's name or its number from 0, got {column}")

    def read(self, path: Path, labelled: bool = True) -> list[Example]:
        """Reads a file.

        Args:
            path: The file.
            labelled: Whether there must be labels; without, the label column is not looked for.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: names file and line: a column is missing, a text or label is empty, a byte is wrong.
        """
        separator = self.separator or _separator_of(path)
        rows = _rows(read_text(path, self.encoding), separator, path)
        lines = separator == " "
        header = self.header if self.header is not None else not lines
        names = [name.strip() for name in next(rows)[1]] if header else None
        text = _column(self.text, 1 if lines else "text", names, path)
        label = _column(self.label, 0 if lines else "label", names, path) if labelled else None
        examples = [_example(path, line, row, text, label) for line, row in rows]
        if not examples:
            raise ValueError(f"{path} has a header and nothing else, expected texts below it")
        return examples


def _separator_of(path: Path) -> str:
    if path.suffix.lower() not in ENDINGS:
        raise ValueError(
            f"{path}: cannot tell how columns are separated; give separator: ',' or a tab, "
            f"or ' ' for lines of a label and a text"
        )
    return ENDINGS[path.suffix.lower()]


def _rows(text: str, separator: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Fields of each line that is not blank, with the number of the (last) line they stand on."""
    if separator == ",":
        yield from _quoted_rows(text, path)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.split(separator, 1 if separator == " " else -1)


def _quoted_rows(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(FIELD_LIMIT)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if len(row) > 1 or "".join(row).strip():
                yield reader.line_num, row
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}; are quotes doubled and closed?") from None


def _column(wanted: int | str | None, default: int | str, names: list[str] | None, path: Path) -> int:
    """The number of a column."""
    column = default if wanted is None else wanted
    if isinstance(column, int):
        return column
    if names is None:
        raise ValueError(f"{path} is read without a header, so column {column!r} must be a number from 0")
    if column not in names:
        raise ValueError(
            f"{path}, line 1: there is no column {column!r}{nearest(column, names) or ';'} "
            f"Columns: {', '.join(names)}"
        )
    return names.index(column)


def _example(path: Path, line: int, row: list[str], text: int, label: int | None) -> Example:
    last = max(text, -1 if label is None else label)
    if len(row) <= last:
        raise ValueError(f"{path}, line {line}: {len(row)} columns, expected at least {last + 1}")
    if not row[text].strip():
        raise ValueError(f"{path}, line {line}: the text is empty")
    if label is None:
        return Example(path, line, row[text], None)
    if not row[label].strip():
        raise ValueError(f"{path}, line {line}: the label is empty")
    return Example(path, line, row[text], row[label].strip())
