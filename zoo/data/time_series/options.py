"""Words that options of series may be."""

from collections.abc import Mapping

from zoo.data.base import check_option
from zoo.data.time_series.division import DIVISIONS
from zoo.data.time_series.scaling import SCALES

MISSING = ("refuse", "fill")


def check_options(given: Mapping[str, str]) -> None:
    """Refuses words that these options do not have."""
    for name, known in (("missing", MISSING), ("scale", SCALES), ("split", DIVISIONS)):
        check_option(name, given[name], known)
