"""Whether 01/02/2020 begins with a day: one answer for all tables that belong together."""

from collections.abc import Sequence
from typing import NamedTuple, final

from zoo.data.reading.files import tell
from zoo.data.time_series.columns import SeriesColumns
from zoo.data.time_series.frame import OneSeries, read_series
from zoo.data.time_series.table import TableFile
from zoo.data.time_series.times import plain


@final
class Wanted(NamedTuple):
    """A table, and what its columns are."""

    table: TableFile
    columns: SeriesColumns


def read_all(wanted: Sequence[Wanted], missing_ok: bool, order: str | None = None) -> list[OneSeries]:
    """The series of tables whose dates are written alike.

    Args:
        wanted: The tables.
        missing_ok: Whether values that vary may be missing, apart from known ones.
        order: How training data is written, which decides where dates do not; None where that is not known.
            Then the tables that tell it decide for those that do not.

    Raises:
        ValueError: something in a table is not as it should be; names file, line and column.
    """
    read = [read_series(*each, missing_ok, order) for each in wanted]
    found = [own for series in read if (own := series[0].dates) is not None]
    clear = [own.order for own in found if not own.is_unclear]
    order = order or next(iter(clear), None)
    if order is None and found:
        order = found[0].order
        _tell(read, order)
    for k, series in enumerate(read):
        own = series[0].dates
        if own is not None and own.is_unclear and own.order != order:
            read[k] = read_series(*wanted[k], missing_ok, order)
    return [one for series in read for one in series]


def order_of(found: Sequence[OneSeries]) -> str | None:
    """How the dates of series are written, if it is one of the two ways that are easily confused."""
    return next((series.dates.order for series in found if series.dates is not None), None)


def _tell(read: Sequence[Sequence[OneSeries]], order: str) -> None:
    first = next(series[0] for series in read if series[0].dates is not None)
    assert first.times is not None
    tell(
        f"{first.table.path}: no date tells if days or months come first; they are read as {order}, the "
        f"first as {plain(first.times[:1])[0]}; write ISO dates such as 2020-12-31 if that is wrong"
    )
