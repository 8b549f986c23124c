"""Series of a user's own from Python: frames of pandas, polars or pyarrow, and columns by name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, final

import numpy as np

from zoo.data.time_series.columns import SeriesColumns
from zoo.data.time_series.date_order import Wanted, read_all
from zoo.data.time_series.frame import OneSeries
from zoo.data.time_series.table import Piece, TableFile

KINDS = ("DataFrame", "Table")


def is_frame(item: object) -> bool:
    """Whether this is columns by name: a mapping, or a frame of pandas, polars or pyarrow."""
    return isinstance(item, Mapping) or type(item).__name__ in KINDS


@final
class OwnTable(TableFile):
    """Columns by name, which are in memory.

    Args:
        number: Which item of the user's it is, for messages.
        frame: See `is_frame`.
    """

    def __init__(self, number: int, frame: Any) -> None:
        named = frame if isinstance(frame, Mapping) else {name: frame[name] for name in _names(frame)}
        self._columns = {str(name): np.asarray(column) for name, column in named.items()}
        super().__init__(Path(f"item {number}"), list(self._columns))
        lengths = {name: len(column) for name, column in self._columns.items()}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"item {number} has columns of lengths {lengths}; expected one length")

    @property
    def size(self) -> int:
        return 0

    def pieces(self, numbers: Sequence[str], words: Sequence[str]) -> Iterator[Piece]:
        piece: Piece = {}
        for name in numbers:
            try:
                piece[name] = self._columns[name].astype(np.float64)
            except (TypeError, ValueError) as error:
                raise ValueError(f"{self.path}: column {name!r}: {error}; expected numbers") from None
        yield piece | {name: [_word(value) for value in self._columns[name]] for name in words}


def series_of(
    items: Sequence[Any], columns: SeriesColumns, missing_ok: bool, order: str | None
) -> list[OneSeries]:
    """The series of frames, one for each or, where there is a column of ids, for each id.

    Args:
        items: The frames.
        columns: What the model was trained on; an id need not be there.
        missing_ok: Whether values that vary may be missing.
        order: How the dates of the training data are written; see `read_all`.

    Raises:
        ValueError: an item is no frame, lacks a column, or its values or times are not as they should be.
    """
    other = next((number for number, item in enumerate(items) if not is_frame(item)), None)
    if other is not None:
        kind = type(items[other]).__name__
        raise ValueError(f"item {other} is of type {kind}, beside frames; expected frames alone")
    tables = [OwnTable(number, item) for number, item in enumerate(items)]
    bare = replace(columns, id=None)
    wanted = [Wanted(table, columns if columns.id in table.names else bare) for table in tables]
    return read_all(wanted, missing_ok, order)


def _names(frame: Any) -> list[Any]:
    return list(frame.column_names if type(frame).__name__ == "Table" else frame.columns)


def _word(value: Any) -> str | None:
    return None if value is None or value != value else str(value)
