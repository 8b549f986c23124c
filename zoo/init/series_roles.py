"""Which column of a table of series is what: the time, the series, the label, what is forecast."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from zoo.data.time_series.times import BadTimeError, Ticks, read_times
from zoo.init.found import Asked, counted
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
LABELS = ("label", "labels", "class", "classes", "category", "y", "target")
"""What columns of these kinds are called."""
FEWEST = 30
"""Rows from which it can be told whether each goes on from the one before."""


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
    told: str
    """Why the target is the target."""


def roles_of(table: Table, asked: Asked) -> Roles | None:
    """Which column is what; None where there is nothing to read.

    Raises:
        ValueError: a column of numbers holds a word, dates do not ascend, or rows are no steps.
    """
    wanted = None if asked.target is None else table.named(asked.target)
    others = [column for column in table.columns if column is not wanted]
    time, id = _order(table, asked, others)
    for column in table.columns:
        if column.word is not None and column not in (time, id):
            row, word = column.word
            raise ValueError(
                f"row {row}: column {column.name!r} is {word!r}; expected a number as in other rows"
            )
    rest = [column for column in others if column not in (time, id)]
    numeric = [column for column in rest if column.is_numeric]
    ignored = [column for column in rest if not column.is_numeric]
    if time is None and id is None:
        _check_steps(table, wanted, numeric, ignored)
    label = _label_of(wanted, id, numeric, ignored)
    if label is not None:
        numeric = [column for column in numeric if column is not label]
        kept = tuple(column for column in ignored if column is not label)
        found = Roles(time=time, id=id, label=label, targets=tuple(numeric), past=(), ignored=kept, told="")
        return found if numeric else None
    if wanted is not None and not wanted.is_numeric:
        return None
    aim, told = (wanted, "as you said") if wanted is not None else _likeliest(numeric)
    if aim is None:
        return None
    past = tuple(column for column in numeric if column is not aim)
    return Roles(time=time, id=id, label=None, targets=(aim,), past=past, ignored=tuple(ignored), told=told)


def _order(table: Table, asked: Asked, others: Sequence[Column]) -> tuple[Column | None, Column | None]:
    """The columns that say when and of which series a row is.

    Raises:
        ValueError: dates do not ascend, and no column divides them.
    """
    id = None if asked.id is None else table.named(asked.id)
    time = None if asked.time is None else table.named(asked.time)
    if id is None:
        id = next((column for column in others if _is_called_id(column) and column is not time), None)
    candidates = [time] if time is not None else [each for each in others if each is not id]
    for column in candidates:
        ticks = _ticks(column, time is not None)
        if ticks is None:
            continue
        if id is not None or _ascends(ticks):
            return column, id
        divides = [each for each in others if each is not column and _divides(each, ticks)]
        if divides:
            return column, divides[0]
        if ticks.dtype.kind == "M" and not column.is_numeric:
            raise _falling(column, ticks)
    return time, id


def _ticks(column: Column, is_asked: bool) -> Ticks | None:
    """The times that a column holds; None where it holds none."""
    called = column.name.lower() in TIMES
    if column.missing or not column.values or (column.is_numeric and not (called or is_asked)):
        return None
    try:
        return read_times(column.values)
    except BadTimeError as error:
        if is_asked:
            raise ValueError(f"row {error.row + 1}: column {column.name!r}: {error}") from None
        return None


def _ascends(ticks: Ticks) -> bool:
    return bool((ticks[1:] > ticks[:-1]).all())


def _divides(column: Column, ticks: Ticks) -> bool:
    """Whether the times of the rows of each word ascend, so that each word may be a series."""
    if column.missing or column.is_numeric or not 1 < column.distinct <= len(column.values) / 4:
        return False
    rows = defaultdict[str, list[int]](list)
    for row, word in enumerate(column.values):
        rows[word].append(row)
    return all(_ascends(ticks[own]) for own in rows.values())


def _falling(column: Column, ticks: Any) -> ValueError:
    """The error of dates that do not ascend: which does not, and what may be meant."""
    row = int((ticks[1:] <= ticks[:-1]).argmax()) + 1
    return ValueError(
        f"row {row + 1}: {column.name} {column.values[row]} comes after {column.values[row - 1]}; expected "
        f"ascending times, each once, or a column called id that says which series a row is of (--id COLUMN)"
    )


def _is_called_id(column: Column) -> bool:
    return column.name.lower() in IDS and not column.missing and column.distinct <= len(column.values) / 2


def _check_steps(
    table: Table, wanted: Column | None, numeric: Sequence[Column], ignored: Sequence[Column]
) -> None:
    """Refuses rows that are items, each by itself, rather than steps of a sequence.

    Raises:
        ValueError: says why it looks like this, and what the user can say.
    """
    classes = [column for column in ([*ignored] if wanted is None else [wanted]) if column.is_label]
    if wanted is not None and wanted.is_numeric:
        return
    if any(column.name.lower() in TIMES for column in ignored):
        return
    if classes:
        why = f"{classes[0].name!r} has {counted(classes[0].distinct, 'class', 'classes')}"
    elif len(numeric) > 2 and _are_unrelated(numeric):
        why = "no row is like the one before it"
    else:
        return
    raise ValueError(
        f"the rows seem to be items, each by itself, and no steps of a sequence: no column says when "
        f"or of which series a row is, and {why}. The zoo models sequences; if these are some, say which "
        f"column is what: --time COLUMN for the time, --id COLUMN for the series, --target COLUMN for "
        f"numbers to forecast"
    )


def _are_unrelated(columns: Sequence[Column]) -> bool:
    """Whether the numbers of most columns are no more like those of the row before than chance makes them."""
    whole = [column for column in columns if not column.missing and len(column.values) >= FEWEST]
    related = []
    for column in whole:
        try:
            values = np.array([float(value) for value in column.values])
        except ValueError:
            return False
        values = values - values.mean()
        power = float((values**2).sum())
        related.append(abs(float((values[1:] * values[:-1]).sum())) / power if power else 0.0)
    return bool(related) and float(np.median(related)) < 2 / len(whole[0].values) ** 0.5


def _label_of(
    wanted: Column | None, id: Column | None, numeric: Sequence[Column], ignored: Sequence[Column]
) -> Column | None:
    """The column of the label of each series."""
    if id is None:
        return None
    if wanted is not None:
        return wanted if _is_constant(wanted, id) else None
    called = [column for column in numeric if column.name.lower() in LABELS]
    likely = [column for column in ignored if column.is_label]
    return next((column for column in [*called, *likely] if _is_constant(column, id)), None)


def _is_constant(column: Column, id: Column) -> bool:
    """Whether a column says the same of all rows of a series."""
    pairs = set(zip(id.values, column.values, strict=False))
    return not column.missing and len(pairs) == id.distinct


def _likeliest(columns: Sequence[Column]) -> tuple[Column | None, str]:
    """The column that is called like a target, or else the last; and why."""
    called = [column for column in columns if column.name.lower() in TARGETS]
    if called:
        return called[0], "guessed: it is called like one"
    return (columns[-1], "guessed: last column of numbers") if columns else (None, "")
