"""The rows of a table: fields between separators, with quotes unless these are tabs or spaces."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from zoo.data.reading.faults import Faults

FIELD_LIMIT = 2**24  # characters of one field; Python's own limit of 2**17 is less than a long article

UNQUOTED = "\t "
"""Separators beside which a quote is a letter like others."""
Row = tuple[int, list[str]]
"""The line on which a row begins, and its fields."""


def rows_of(text: str, separator: str, faults: Faults) -> Iterator[Row]:
    """The rows of a file that are not blank.

    Args:
        text: The file.
        separator: A tab, a space, which divides in two, or another character, where fields may be quoted.
        faults: Notes "quotes", rows whose quotes are wrong.
    """
    if separator not in UNQUOTED:
        yield from _quoted_rows(text, separator, faults)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.split(separator, 1 if separator == " " else -1)


def _quoted_rows(text: str, separator: str, faults: Faults) -> Iterator[Row]:
    csv.field_size_limit(max(FIELD_LIMIT, csv.field_size_limit()))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    begins, ended = 1, False
    while not ended:
        try:
            for row in reader:
                if len(row) > 1 or "".join(row).strip():
                    yield begins, row
                begins = reader.line_num + 1
            ended = True
        except csv.Error as error:  # the reader goes on with the next line
            faults.add("quotes", begins, str(error))
            begins = reader.line_num + 1


def parquet_rows(path: Path) -> Iterator[list[str]]:
    """The names of the columns of a Parquet file, then its rows as text; what is missing is empty.

    Raises:
        ValueError: it is no Parquet file.
    """
    import pyarrow  # a large library that only Parquet needs
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(path)
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{path} is no Parquet file ({str(error).splitlines()[0]})") from None
    yield list(file.schema_arrow.names)
    for batch in file.iter_batches():
        columns = [column.to_pylist() for column in batch.columns]
        yield from (
            ["" if value is None else str(value) for value in row] for row in zip(*columns, strict=True)
        )
