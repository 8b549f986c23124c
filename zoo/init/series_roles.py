"""Which column of a table of series is what: the time, the series, the label, what is forecast."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

from zoo.data.time_series.times import BadTimeError, read_times
from zoo.init.table import Column, Table

TIMES = (
    "date",
    "time",
    "timestamp",
    "datetime",
    "ds",
    "year",
    "month",
    "day",
    "week",
    "quarter",
    "period",
    "t",
)
IDS = ("id", "series", "unique_id", "series_id", "item", "item_id", "case", "case_id")
TARGETS = ("target", "y", "value", "ot", "sales", "demand", "load")
"""What columns of these kinds are called."""


@final
@dataclass(frozen=True, kw_only=True)
class Roles:
    """What is which column."""

    time: Column | None
    id: Column | None
    label: Column | None
    targets: tuple[Column, ...]
    past: tuple[Column, ...]
    ignored: tuple[Column, ...]


def roles_of(table: Table, target: str | None) -> Roles | None:
    """Which column is what; None where there is nothing to read.

    Raises:
        ValueError: a column of numbers holds a word, or dates do not ascend.
    """
    wanted = None if target is None else table.named(target)
    others = [column for column in table.columns if column is not wanted]
    id = next((column for column in others if _is_id(column)), None)
    rest = [column for column in others if column is not id]
    time = next((column for column in rest if _is_time(column, id is not None)), None)
    for column in rest if time is None else ():
        _check_dates(column)
    for column in table.columns:
        if column.word is not None and column not in (time, id):
            row, word = column.word
            raise ValueError(
                f"row {row}: column {column.name!r} is {word!r}; expected a number as in other rows"
            )
    numeric = [column for column in others if column.is_numeric and column not in (time, id)]
    ignored = [column for column in others if not column.is_numeric and column not in (time, id)]
    label = wanted if wanted is not None and id is not None and wanted.is_label else None
    if wanted is None and id is not None:
        label = next((column for column in ignored if column.is_label), None)
    if label is not None:
        kept = tuple(column for column in ignored if column is not label)
        found = Roles(time=time, id=id, label=label, targets=tuple(numeric), past=(), ignored=kept)
        return found if numeric else None
    if wanted is not None and not wanted.is_numeric:
        return None
    aim = wanted or _likeliest(numeric)
    if aim is None:
        return None
    past = tuple(column for column in numeric if column is not aim)
    return Roles(time=time, id=id, label=None, targets=(aim,), past=past, ignored=tuple(ignored))


def _is_time(column: Column, of_series: bool) -> bool:
    """Whether a column is called like a time, or holds dates, and can be read as one.

    Args:
        column: The column.
        of_series: Whether there are several series, which begin anew.
    """
    called = column.name.lower() in TIMES
    if column.missing or not column.values or (column.is_numeric and not called):
        return False
    if not called and not column.values[0][:4].isdigit():
        return False
    try:
        times = read_times(column.values)
    except BadTimeError:
        return False
    return of_series or bool((times[1:] > times[:-1]).all())


def _check_dates(column: Column) -> None:
    """Refuses dates that do not ascend.

    Raises:
        ValueError: says which does not, and what may be meant.
    """
    if column.is_numeric or column.missing or not column.values or not column.values[0][:4].isdigit():
        return
    try:
        times = read_times(column.values)
    except BadTimeError:
        return
    row = int((times[1:] <= times[:-1]).argmax()) + 1
    raise ValueError(
        f"row {row + 1}: {column.name} {column.values[row]} comes after {column.values[row - 1]}; expected "
        f"ascending times, each once, or a column called id that says which series a row is of"
    )


def _is_id(column: Column) -> bool:
    """Whether a column is called like one of series, or its words stand in blocks."""
    if not 1 < column.distinct <= len(column.values) / 4:
        return False
    changes = sum(one != two for one, two in pairwise(column.values))
    return column.name.lower() in IDS or (not column.is_numeric and changes == column.distinct - 1)


def _likeliest(columns: Sequence[Column]) -> Column | None:
    """The column that is called like a target, or else the last."""
    called = [column for column in columns if column.name.lower() in TARGETS]
    return called[0] if called else columns[-1] if columns else None
