"""Columns of numbers and words from CSV and TSV files, read in pieces; what all tables have in common."""

import csv
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from jaxtyping import Float64

from zoo.data.reading.columns import shortened
from zoo.data.reading.faults import Faults
from zoo.data.reading.files import tell_garbled
from zoo.data.time_series.numerals import MISSING, MISSING_NUMBERS, PLAIN, Numerals
from zoo.registry import nearest

SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": ","}
OTHER_SEPARATORS = ("\t", ";", "|", ",")
ENDINGS = (*SEPARATORS, ".parquet", ".npz")
NO_WORD = frozenset({"", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"})
"""What stands where an id, a time or a label is missing; "none" and "-" may be labels."""
MISSING_WORDS = f"empty or one of {', '.join(MISSING_NUMBERS)}"
PIECE = 2**22
"""Bytes of a file that are read at once."""

Numbers = Float64[np.ndarray, "..."]
Words = list[str | None]
Piece = dict[str, Numbers | Words]
"""Some rows: column -> its numbers (NaN where missing) or words (None where missing)."""


@final
@dataclass(frozen=True, kw_only=True)
class TextForm:
    """How a table is written as text."""

    separator: str | None = None
    """Between columns; None goes by the ending of the file."""
    encoding: str = "utf-8"
    """Of the file."""
    numerals: Numerals = PLAIN
    """How numbers are written."""


class _Quoted(csv.excel):
    strict = True


class _Plain(csv.excel):
    quoting = csv.QUOTE_NONE


class TableFile(ABC):
    """A file of named columns.

    Attributes:
        path: The file.
        names: Its columns.
    """

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self.path = path
        self.names = [name.strip() for name in names]

    @abstractmethod
    def pieces(self, numbers: Sequence[str], words: Sequence[str]) -> Iterator[Piece]:
        """The rows of some columns, in pieces.

        Raises:
            ValueError: a value is no number; names line, column and value.
        """

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size

    def place(self, row: int) -> str:
        """Where a row is, for messages."""
        return f"row {row}"

    def check(self, columns: Sequence[str]) -> None:
        """Refuses columns that are not there, or twice.

        Raises:
            ValueError: names them.
        """
        for name in columns:
            if name not in self.names:
                raise ValueError(
                    f"{self.path}: there is no column {name!r}{nearest(name, self.names) or ';'} columns: "
                    f"{shortened(self.names)}"
                )
            if self.names.count(name) > 1:
                raise ValueError(f"{self.path}: two columns are called {name!r}; expected one")


@final
class TextTableFile(TableFile):
    """A CSV or TSV file with a header.

    Args:
        path: The file.
        separator: Between columns.
        form: How it is written otherwise.
    """

    def __init__(self, path: Path, separator: str, form: TextForm) -> None:
        self.path, self.separator = path, separator
        self.encoding, self.numerals = form.encoding, form.numerals
        row = next(self._rows(), None)
        with path.open("rb") as file:
            tell_garbled(path, b"".join(file.readlines(PIECE)), form.encoding)
        if row is None:
            raise ValueError(f"{path} is empty, expected a header and rows below it")
        super().__init__(path, row[1])
        others = [mark for mark in OTHER_SEPARATORS if mark in row[1][0]]
        if len(row[1]) == 1 and others:
            raise ValueError(
                f"{path}, line 1: there is one column, {row[1][0]!r}, between {separator!r}; give separator: "
                f"{others[0]!r}"
            )

    def pieces(self, numbers: Sequence[str], words: Sequence[str]) -> Iterator[Piece]:
        import pyarrow  # takes half a second, and only files need it
        from pyarrow import csv as arrow

        wanted = {name: str(self.names.index(name)) for name in (*numbers, *words)}
        kind = pyarrow.float64() if self.numerals.are_plain else pyarrow.string()
        types = {wanted[name]: kind for name in numbers}
        types |= {wanted[name]: pyarrow.string() for name in words}
        quote = '"' if self.separator != "\t" else False
        try:
            reader = arrow.open_csv(
                self.path,
                arrow.ReadOptions(
                    use_threads=False,
                    block_size=PIECE,
                    encoding=self.encoding,
                    skip_rows=1,
                    column_names=[str(k) for k in range(len(self.names))],
                ),
                arrow.ParseOptions(delimiter=self.separator, quote_char=quote, newlines_in_values=True),
                arrow.ConvertOptions(
                    column_types=types,
                    include_columns=list(wanted.values()),
                    null_values=list(MISSING),
                ),
            )
            for batch in reader:
                yield piece_of(batch, wanted, numbers, self.numerals)
        except (pyarrow.ArrowInvalid, UnicodeError) as error:
            if "Empty CSV file" in str(error):
                return
            self._refuse(numbers)
            raise ValueError(f"{self.path}: {str(error).splitlines()[0]}; expected a table") from None

    def place(self, row: int) -> str:
        """The line of a row below the header."""
        rows = self._rows()
        next(rows)
        return next((f"line {line}" for k, (line, _) in enumerate(rows) if k == row), f"row {row}")

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """All rows that are not blank, with the lines on which they begin.

        Raises:
            ValueError: bytes are not in the encoding, or quotes are wrong; names the line.
        """
        encoding = "utf-8-sig" if self.encoding.lower() in ("utf-8", "utf8") else self.encoding
        begins = 1
        try:
            with self.path.open(encoding=encoding, newline="") as file:
                reader = csv.reader(
                    file, _Quoted if self.separator != "\t" else _Plain, delimiter=self.separator
                )
                for row in reader:
                    if row:
                        yield begins, row
                    begins = reader.line_num + 1
        except UnicodeDecodeError as error:
            place = self._undecodable()
            raise ValueError(
                f"{self.path}, {place}: {error.reason} for {self.encoding}; give the encoding of the file, "
                f"for example encoding: latin-1"
            ) from None
        except LookupError:
            raise ValueError(
                f"encoding {self.encoding!r} is unknown; utf-8 and latin-1 are the usual ones"
            ) from None
        except csv.Error as error:
            raise ValueError(f"{self.path}, line {begins}: {error}; are quotes doubled and closed?") from None

    def _undecodable(self) -> str:
        """The first line that is not in the encoding."""
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    line.decode(self.encoding)
                except UnicodeDecodeError:
                    return f"line {number}"
        return "line 1"

    def _refuse(self, numbers: Sequence[str]) -> None:
        """Says which rows are no rows of this table."""
        faults, rows = Faults(), 0
        places = {name: self.names.index(name) for name in numbers}
        for line, row in self._rows():
            rows += 1
            if len(row) != len(self.names):
                faults.add("width", line, f"{len(row)} columns, expected {len(self.names)}")
                continue
            for name, place in places.items():
                value = row[place].strip()
                if rows > 1 and value not in MISSING and not self.numerals.is_number(value):
                    faults.add(name, line, f"column {name!r} is {row[place]!r}, expected a number")
        advice = {"width": "is the separator part of a value that is not in quotes?"}
        kinds = [*advice, *numbers]
        if faults.of(kinds):
            help_ = f"name what it is (id, time, label) or the targets; a missing value is {MISSING_WORDS}"
            raise ValueError(
                f"{self.path}, {faults.told({**dict.fromkeys(numbers, help_), **advice}, rows - 1)}"
            )


def piece_of(
    batch: Any, wanted: dict[str, str], numbers: Sequence[str], numerals: Numerals | None = None
) -> Piece:
    """The columns of a record batch; with numerals those of a text, whose numbers are written so."""
    import pyarrow

    piece: Piece = {}
    for name, own in wanted.items():
        column = batch.column(own)
        if name in numbers:
            if numerals is not None and not numerals.are_plain:
                column = numerals.read(column)
            piece[name] = column.cast(pyarrow.float64()).to_numpy(zero_copy_only=False)
        else:
            words = column.cast(pyarrow.string()).to_pylist()
            piece[name] = words if numerals is None else [None if word in NO_WORD else word for word in words]
    return piece
