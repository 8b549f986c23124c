"""Labelled texts in tables (CSV, TSV, Parquet) and in lines of label and text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from zoo.data.batches.item_weights import EXPECTED, as_weight
from zoo.data.reading.columns import UsedColumns, number_of, shortened
from zoo.data.reading.faults import Faults, share
from zoo.data.reading.files import existing, read_text, tell
from zoo.data.reading.rows import Row, parquet_rows, rows_of

PARQUET = ".parquet"
"""Names of columns and rows without text around them; the names are its line 1."""
ENDINGS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
EMPTY = ("refuse", "skip")
LACKING = dict.fromkeys(("text", "label", "short"), "empty: skip leaves such rows out")
MALFORMED = {
    "long": "is the separator part of a text that is not in quotes?",
    "quotes": "are quotes doubled and closed?",
    "weight": EXPECTED,
}
"""What can be wrong with a row, and what helps."""


class Example(NamedTuple):
    """One labelled text and where it begins."""

    path: Path
    line: int
    text: str
    label: str | None
    weight: float | None = None


@dataclass(frozen=True, kw_only=True)
class TextTable:
    """How to read a file of labelled texts; what is None follows from the rest."""

    separator: str | None
    """Between columns: a tab (no quoting), a space (label, then text), or another (fields may be quoted)."""
    header: bool | None
    """Whether the first line names the columns."""
    text: int | str | None
    """Column of the text: a name or, from 0, a number."""
    label: int | str | None
    """Column of the label: a name or, from 0, a number."""
    encoding: str
    """Encoding of the files."""
    empty: str
    """Whether to "refuse" or to "skip" rows that lack a text or a label."""
    weight: int | str | None = None
    """Column of what a text counts in training: a name or, from 0, a number; None where there is none."""

    def __post_init__(self) -> None:
        if self.separator is not None and len(self.separator) != 1:
            raise ValueError(f"separator must be one character, got {self.separator!r}")
        if self.weight is not None and self.separator == " ":
            raise ValueError(
                "lines of a label and a text have no weights; expected a comma or a tab as separator"
            )
        named = {"text": self.text, "label": self.label}
        named |= {} if self.weight is None else {"weight": self.weight}
        if self.header is False and self.separator != " ":
            for name, column in named.items():
                if not isinstance(column, int):
                    raise ValueError(
                        f"without a header, {name} must be the number of a column, from 0, got {column!r}"
                    )
        for name, column in named.items():
            if isinstance(column, int) and column < 0:
                raise ValueError(f"{name} must be a column's name or its number from 0, got {column}")

    def read(self, path: Path, labelled: bool = True, weighted: bool = True) -> list[Example]:
        """Reads a file.

        Args:
            path: The file.
            labelled: Whether there must be labels; without, they are read where there are any.
            weighted: Whether weights are read, if there is a column for them.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: a column is missing, or rows are at fault; names their lines and what helps.
        """
        faults = Faults()
        if path.suffix.lower() == PARQUET:
            separator, header = ",", True
            rows: Iterator[Row] = enumerate(parquet_rows(existing(path, path.name)), 1)
        else:
            separator = self.separator or _separator_of(path)
            header = self.header if self.header is not None else separator != " "
            rows = rows_of(read_text(path, self.encoding), separator, faults)
        first = next(rows, None)
        if first is None or (header and faults.of(MALFORMED)):
            raise ValueError(f"{path}, {faults.told(MALFORMED, 1) or 'line 1: there is nothing but quotes'}")
        columns = self._columns(path, separator, first[1], labelled, weighted)
        examples = list(_examples(path, rows if header else chain([first], rows), columns, faults))
        self._check(path, examples, faults)
        return examples

    def _columns(
        self, path: Path, separator: str, first: list[str], labelled: bool, weighted: bool
    ) -> UsedColumns:
        """The columns of a file whose first row this is."""
        header = self.header if self.header is not None else separator != " "
        names = [name.strip() for name in first] if header else None
        own = (1, 0) if separator == " " else ("text", "label")
        wanted = [own[k] if column is None else column for k, column in enumerate((self.text, self.label))]
        text = number_of(wanted[0], names, path, separator)
        there = labelled or wanted[1] in (names or ()) or wanted[1] in range(len(first))
        label = number_of(wanted[1], names, path, separator) if there else None
        if text == label:
            raise ValueError(f"{path}: text and label are both column {text}, expected two different ones")
        weight = None
        if self.weight is not None and weighted:
            weight = number_of(self.weight, names, path, separator)
            if weight in (text, label):
                raise ValueError(f"{path}: weight is column {weight}, as text or label; expected another")
        if names is not None and self.header is None and all(isinstance(column, int) for column in wanted):
            tell(
                f"{path}: line 1 is taken for the names of the columns ({shortened(names)}); header: false "
                f"reads it as a text, header: true says no more of it"
            )
        lenient = not labelled
        return UsedColumns(text=text, label=label, weight=weight, width=len(first), is_lenient=lenient)

    def _check(self, path: Path, examples: list[Example], faults: Faults) -> None:
        """Refuses rows that are at fault, or says how many were left out."""
        advice = MALFORMED if self.empty == "skip" else LACKING | MALFORMED
        lacking, rows = faults.of(LACKING), len(examples) + len(faults.of(LACKING | MALFORMED))
        if faults.of(advice):
            raise ValueError(f"{path}, {faults.told(advice, rows)}")
        if not examples and not lacking:
            raise ValueError(f"{path} has a header and nothing else, expected texts below it")
        if not examples:
            raise ValueError(f"{path}: all {rows} rows lack a text or a label, expected some that have both")
        if lacking:
            tell(f"{path}: leaving out {share(lacking, rows)}, for want of a text or a label")


def _separator_of(path: Path) -> str:
    if path.suffix.lower() not in ENDINGS:
        raise ValueError(
            f"{path}: cannot tell how columns are separated; give separator: ',' or a tab, "
            f"or ' ' for lines of a label and a text"
        )
    return ENDINGS[path.suffix.lower()]


def _examples(path: Path, rows: Iterable[Row], columns: UsedColumns, faults: Faults) -> Iterator[Example]:
    """The rows that are as they should be; the others are noted."""
    text, label, width = columns.text, columns.label, max(columns.width, columns.needed)
    for line, row in rows:
        if len(row) != width and not _fits(line, row, columns, faults):
            continue
        name = None if label is None or label >= len(row) else row[label].strip()
        weight = None if columns.weight is None else as_weight(row[columns.weight])
        if not row[text].strip():
            faults.add("text", line, "the text is empty")
        elif name == "" and not columns.is_lenient:
            faults.add("label", line, "the label is empty")
        elif columns.weight is not None and weight is None:
            faults.add("weight", line, f"the weight is {row[columns.weight].strip() or 'missing'}")
        else:
            yield Example(path, line, row[text], name or None, weight)


def _fits(line: int, row: list[str], columns: UsedColumns, faults: Faults) -> bool:
    """Whether a row of another width has what is needed, and nothing that belongs nowhere."""
    if len(row) < columns.needed:
        faults.add("short", line, f"{len(row)} columns, expected at least {columns.needed}")
        return False
    if any(field.strip() for field in row[columns.width :]):
        faults.add("long", line, f"{len(row)} columns, expected {columns.width}")
        return False
    return True
