"""What the options of series may be, and what series must have for them."""

from collections.abc import Mapping, Sequence

from zoo.data.base import check_option
from zoo.data.reading.faults import listed
from zoo.data.time_series.division import DIVISIONS
from zoo.data.time_series.frame import OneSeries
from zoo.data.time_series.scaling import SCALES

MISSING = ("refuse", "fill")
GAPS = ("keep", "fill")


def check_future(found: Sequence[OneSeries], known: Sequence[str], horizon: int) -> None:
    """Refuses series that do not say what is known of the steps to forecast."""
    for series in found:
        ahead = len(series) - series.end
        if ahead < horizon:
            raise ValueError(
                f"{series.table.path}: series {series.id!r} has {ahead} rows after its last target, and "
                f"{listed(known)} must be known for {horizon}; expected a row for each"
            )


def check_options(given: Mapping[str, str]) -> None:
    """Refuses words that these options do not have."""
    for name, known in (("missing", MISSING), ("gaps", GAPS), ("scale", SCALES), ("split", DIVISIONS)):
        check_option(name, given[name], known)
    if given["gaps"] == "fill" and given["missing"] == "refuse":
        raise ValueError("gaps: fill makes values that are missing; expected missing: fill with it")
