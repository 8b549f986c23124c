"""All of a file of series, read before a recipe is written: how much, what is missing, what is lacking."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from zoo.data.time_series.columns import SeriesColumns
from zoo.data.time_series.formats import table_file
from zoo.data.time_series.frame import LARGE, OneSeries, read_series
from zoo.data.time_series.grid import grid_of
from zoo.data.time_series.table import TextForm
from zoo.init.found import counted
from zoo.init.series_roles import Roles
from zoo.init.source import Source
from zoo.init.table import LOOKED_AT, Table

FEW_LACKING = 0.1
"""Share of steps that may be lacking of a series that is taken for a regular one."""
WORKDAYS = 5
"""Days of a week without Saturday and Sunday."""


@final
@dataclass(frozen=True, kw_only=True)
class WholeFile:
    """What all rows of a file say.

    Attributes:
        rows: How many there are.
        series: The series; none where the file is so large that it was read in pieces, and forgotten.
        missing: Column -> how many values it lacks; of a large file, in its first rows.
    """

    rows: int
    series: tuple[OneSeries, ...]
    missing: dict[str, int]

    def fewest(self, roles: Roles) -> int:
        """The steps of the shortest series."""
        if self.series:
            return min(map(len, self.series))
        return self.rows // (1 if roles.id is None else roles.id.distinct)

    def about_gaps(self) -> tuple[bool, str | None]:
        """Whether steps that are lacking should be made missing values, and what is to be said of them."""
        timed = [series for series in self.series if series.times is not None and len(series) > 2]
        grids = [grid_of(series.times) for series in timed if series.times is not None]
        regular = [grid for grid in grids if grid is not None]
        if not timed or self.without_weekends:
            return False, None
        if len(regular) < len(grids):
            return False, (
                "Times are irregular, and rows are taken for steps (deltas: true says how far apart they "
                "are, to a cell that reads it)."
            )
        lacking = sum(grid.lacking for grid in regular)
        if not lacking:
            return False, None
        first, of = next(
            (grid.first, one.id) for grid, one in zip(regular, timed, strict=True) if grid.lacking
        )
        where = f"the first is {first}" + (f" of series {of!r}" if len(timed) > 1 else "")
        are = "is" if lacking == 1 else "are"
        found = f"{counted(lacking, 'step')} of a regular series {are} lacking, {where}"
        if lacking > FEW_LACKING * self.rows:
            return False, f"{found}: so many that rows are taken for steps (gaps: fill says otherwise)."
        return True, f"{found}: taken for missing values (gaps: fill; gaps: keep takes rows for steps)."

    @property
    def without_weekends(self) -> bool:
        """Whether there are days, and none of them is a Saturday or a Sunday."""
        times = [series.times for series in self.series if series.times is not None]
        if not times or any(each.dtype.kind != "M" for each in times):
            return False
        days = np.unique(
            np.concatenate([(each.astype("datetime64[D]").astype(int) + 3) % 7 for each in times])
        )
        return len(days) == WORKDAYS and bool((days < WORKDAYS).all())


def text_options(source: Source, table: Table) -> dict[str, Any]:
    """How a file is written, as options of `Series`."""
    options: dict[str, Any] = {}
    if source.encoding is None:
        return options
    if source.encoding != "utf-8":
        options["encoding"] = source.encoding
    if table.separator != ",":
        options["separator"] = table.separator
    if table.numerals.decimal != ".":
        options["decimal"] = table.numerals.decimal
    if table.numerals.thousands is not None:
        options["thousands"] = table.numerals.thousands
    return options


def whole_file(source: Source, table: Table, roles: Roles) -> WholeFile:
    """Reads all rows; those of a large file in pieces, which are not kept.

    Raises:
        ValueError: a row has more or fewer fields, or what is in it is not as in others; names the line.
    """
    form = TextForm(separator=table.separator, encoding=source.encoding or "utf-8", numerals=table.numerals)
    file, columns = table_file(source.file, form), _columns(roles)
    if source.file.stat().st_size < LARGE:
        found = read_series(file, columns, True)
        names, lacks = columns.inputs, sum(np.isnan(one.values).sum(0) for one in found)
        missing = {name: int(count) for name, count in zip(names, lacks, strict=True) if count}
        return WholeFile(rows=sum(map(len, found)), series=tuple(found), missing=missing)
    rows = 0
    for piece in file.pieces(columns.numbers, columns.words):
        rows += len(next(iter(piece.values())))
    told = [*roles.targets, *roles.past]
    return WholeFile(rows=rows, series=(), missing={each.name: each.missing for each in told if each.missing})


def _columns(roles: Roles) -> SeriesColumns:
    is_class = roles.label is not None and is_class_of(roles)
    return SeriesColumns(
        targets=tuple(column.name for column in roles.targets),
        past=tuple(column.name for column in roles.past),
        id=None if roles.id is None else roles.id.name,
        time=None if roles.time is None else roles.time.name,
        label=roles.label.name if roles.label is not None and is_class else None,
        number=roles.label.name if roles.label is not None and not is_class else None,
    )


def is_class_of(roles: Roles) -> bool:
    """Whether the label is a class, and no number."""
    return roles.label is not None and (roles.label.is_label or not roles.label.is_numeric)


def about_size(whole: WholeFile, columns: Sequence[object]) -> Iterator[str]:
    """What is said of a file that was read in pieces."""
    if not whole.series:
        yield (
            f"A large file: looked at the first {LOOKED_AT:,} rows for what columns are, and at all for "
            f"numbers, in pieces; training keeps {whole.rows * len(columns) * 8 / 2**20:,.0f} MiB of it."
        )
