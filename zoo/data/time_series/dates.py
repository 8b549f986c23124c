"""Dates as people write them, other than ISO: 31.12.2020, 12/31/2020 1:30 PM, 1 Jan 2000, 2000Q1."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Shaped

SECONDS = r"(?P<second>\d\d)(?:(?P<fraction>\.\d{1,6})\d*)?"
CLOCK = rf"(?:[ T,]+(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?::{SECONDS})?\s*(?P<half>[AaPp][Mm])?)?"
YEAR = r"(?P<year>\d{4}|\d\d)"
NAME = r"(?P<name>[A-Za-z]{3,9})"
PARTS: Mapping[str, str] = {
    "day, month, year": rf"(?P<day>\d{{1,2}})[./-](?P<month>\d{{1,2}})[./-]{YEAR}",
    "month, day, year": rf"(?P<month>\d{{1,2}})[./-](?P<day>\d{{1,2}})[./-]{YEAR}",
    "year, month, day": r"(?P<year>\d{4})[./-](?P<month>\d{1,2})[./-](?P<day>\d{1,2})",
    "day, name of the month, year": rf"(?P<day>\d{{1,2}})[ .-]+{NAME}[ .-]+{YEAR}",
    "name of the month, day, year": rf"{NAME}[ .-]+(?:(?P<day>\d{{1,2}})[,. -]+)?(?P<year>\d{{4}})",
    "year, name of the month": rf"(?P<year>\d{{4}})[ .-]+{NAME}",
    "year and quarter": r"(?P<year>\d{4})[ -]?Q(?P<quarter>[1-4])",
}
"""How dates are written, in words -> their parts."""
PATTERNS = {words: re.compile(parts + CLOCK) for words, parts in PARTS.items()}
EITHER = ("day, month, year", "month, day, year")
"""What 01/02/2020 may be."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
CENTURY = 70
"""Two digits from here on are a year of the 20th century."""


def dates(written: str, words: Sequence[str]) -> Shaped[np.ndarray, " N"]:
    """Dates as datetime64 in microseconds.

    Args:
        written: How they are written, one of `PATTERNS`.
        words: The dates.

    Raises:
        ValueError: one is written otherwise, or there is no such day.
    """
    pattern = PATTERNS[written]
    found = [pattern.fullmatch(word.strip()) for word in words]
    return np.array([_iso(match) for match in found], dtype="datetime64[us]")


def _iso(match: re.Match[str] | None) -> str:
    if match is None:
        raise ValueError("a date is written otherwise")
    parts = match.groupdict()
    year = int(parts["year"])
    if len(parts["year"]) == 2:
        year += 1900 if year >= CENTURY else 2000
    return f"{year}-{_month(parts):02}-{int(parts.get('day') or 1):02}{_clock(parts)}"


def _month(parts: Mapping[str, Any]) -> int:
    if "quarter" in parts:
        return 3 * int(parts["quarter"]) - 2
    return 1 + MONTHS.index(parts["name"][:3].lower()) if "name" in parts else int(parts["month"])


def _clock(parts: Mapping[str, Any]) -> str:
    if parts["hour"] is None:
        return ""
    hour = int(parts["hour"])
    if parts["half"]:
        hour = hour % 12 + 12 * (parts["half"].lower() == "pm")
    return f"T{hour:02}:{parts['minute']}:{parts['second'] or '00'}{parts['fraction'] or ''}"
