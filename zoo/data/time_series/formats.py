"""Tables by the ending of their file: text, Parquet, npz."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import final
from zipfile import BadZipFile

import numpy as np

from zoo.data.reading.files import existing
from zoo.data.time_series.archive_arrays import columns_of
from zoo.data.time_series.table import (
    ENDINGS,
    SEPARATORS,
    Piece,
    TableFile,
    TextForm,
    TextTableFile,
    piece_of,
)


@final
class ParquetFile(TableFile):
    """A Parquet file.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow  # takes half a second, and only files need it
        from pyarrow import parquet

        try:
            self._file = parquet.ParquetFile(path)
        except pyarrow.ArrowInvalid as error:
            raise ValueError(f"{path} is no Parquet file ({str(error).splitlines()[0]})") from None
        super().__init__(path, self._file.schema_arrow.names)

    def pieces(self, numbers: Sequence[str], words: Sequence[str]) -> Iterator[Piece]:
        import pyarrow

        schema = self._file.schema_arrow
        for name in numbers:
            kind = schema.field(name).type
            if not (
                pyarrow.types.is_integer(kind)
                or pyarrow.types.is_floating(kind)
                or pyarrow.types.is_boolean(kind)
                or pyarrow.types.is_decimal(kind)
            ):
                raise ValueError(f"{self.path}: column {name!r} holds {kind}, expected numbers")
        wanted = {name: name for name in (*numbers, *words)}
        for batch in self._file.iter_batches(columns=list(wanted)):
            yield piece_of(batch, wanted, numbers)


@final
class ArchiveFile(TableFile):
    """An npz file of columns (T,), of an array (T, D), or of series (N, T, D) with what belongs to each.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        try:
            with np.load(path, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        except (ValueError, OSError, BadZipFile) as error:
            raise ValueError(f"{path} is no npz file of plain arrays ({error})") from None
        if not arrays or not any(array.size for array in arrays.values()):
            raise ValueError(f"{path} is empty, expected arrays")
        try:
            self._arrays = columns_of(arrays)
        except ValueError as error:
            raise ValueError(f"{path} {error}") from None
        super().__init__(path, list(self._arrays))

    def pieces(self, numbers: Sequence[str], words: Sequence[str]) -> Iterator[Piece]:
        for name in numbers:
            kind = self._arrays[name].dtype
            if kind.kind not in "biuf":
                raise ValueError(f"{self.path}: column {name!r} holds {kind}, expected numbers")
        yield {name: self._arrays[name].astype(np.float64) for name in numbers} | {
            name: [str(value) for value in self._arrays[name]] for name in words
        }

    def head(self, rows: int) -> list[list[str]]:
        """The first rows, as text."""
        columns = [[str(value) for value in column[:rows]] for column in self._arrays.values()]
        return [list(row) for row in zip(*columns, strict=True)]


def table_file(path: Path, form: TextForm) -> TableFile:
    """The file as a table.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is none of a kind that can be read.
    """
    existing(path, path.name)
    ending = path.suffix.lower()
    if ending == ".parquet":
        return ParquetFile(path)
    if ending == ".npz":
        return ArchiveFile(path)
    separator = form.separator or SEPARATORS.get(ending)
    if separator is None:
        raise ValueError(f"{path} is none of {', '.join(ENDINGS)}; give separator if it is text")
    return TextTableFile(path, separator, form)
