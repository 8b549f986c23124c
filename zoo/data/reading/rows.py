"""The rows of a table: fields between separators, with quotes where the separator is a comma."""

import csv
import io
from collections.abc import Iterator

from zoo.data.reading.faults import Faults

FIELD_LIMIT = 2**24  # characters of one field; Python's own limit of 2**17 is less than a long article

Row = tuple[int, list[str]]
"""The line on which a row begins, and its fields."""


def rows_of(text: str, separator: str, faults: Faults) -> Iterator[Row]:
    """The rows of a file that are not blank.

    Args:
        text: The file.
        separator: A comma (fields may be quoted), another character, or a space, which divides in two.
        faults: Notes "quotes", rows whose quotes are wrong.
    """
    if separator == ",":
        yield from _quoted_rows(text, faults)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.split(separator, 1 if separator == " " else -1)


def _quoted_rows(text: str, faults: Faults) -> Iterator[Row]:
    csv.field_size_limit(max(FIELD_LIMIT, csv.field_size_limit()))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
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
