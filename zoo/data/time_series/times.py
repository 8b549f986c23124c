"""Times of series: numbers or dates, what comes after the last of them, and how far they are apart."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, final

import numpy as np
from jaxtyping import Float64, Shaped

from zoo.data.time_series.dates import EITHER, PATTERNS, dates

COMPACT = re.compile(r"\b(1[5-9]\d\d|2[0-4]\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\b")
"""A date without hyphens, such as 20010131."""
YEAR = re.compile(r"[0-9]{4}(?![0-9])")
"""What a date begins with that numpy reads: any other number it takes for a year, too."""
EIGHT_DIGITS = re.compile(r"(1[5-9]|2[0-4])[0-9]{6}")
"""What may be meant for a date without hyphens."""
ISO, NUMBERS = "ISO", "numbers"
Ticks = Shaped[np.ndarray, "..."]
"""Numbers (float64) or dates (datetime64 in microseconds)."""


@final
class DateOrder(NamedTuple):
    """Whether dates begin with a day or with a month.

    Attributes:
        order: One of `EITHER`.
        is_unclear: Whether all of the dates may be read otherwise.
    """

    order: str
    is_unclear: bool


@final
class TimeReader:
    """Reads times piece by piece; how they are written is what fits all of them.

    Numbers and ISO dates are tried first. Dates that may begin with a day or with a month are what those of
    the training data are; without these what is more regular, else dotted ones begin with a day and others
    with a month.

    Args:
        order: How dates of the training data are written, one of `EITHER`; None where that is not known.
    """

    def __init__(self, order: str | None = None) -> None:
        self._usual = order
        self._found: dict[str, list[Ticks]] = {name: [] for name in PARSERS}
        self._dotted = False

    @property
    def order(self) -> str | None:
        """How dates other than ISO are written, in words; None for the others."""
        written = self._chosen()
        return None if written in (NUMBERS, ISO) else written

    @property
    def dates(self) -> "DateOrder | None":
        """Whether days or months come first; None where there is no such question."""
        written = self._chosen()
        return DateOrder(written, self.is_unclear) if written in EITHER else None

    @property
    def is_unclear(self) -> bool:
        """Whether no date tells if days or months come first."""
        return all(written in self._found for written in EITHER)

    def add(self, words: Sequence[str | None]) -> None:
        """Reads the next times.

        Raises:
            BadTimeError: one is missing or is no time like those before; says which.
        """
        if not words:
            return
        if None in words:
            raise BadTimeError(words.index(None), "the time is missing")
        fitting = {}
        for written, before in self._found.items():
            with suppress(ValueError):
                fitting[written] = [*before, PARSERS[written](words)]
        if not fitting:
            raise self._bad(words)
        if ISO in self._found and list(fitting) == [NUMBERS]:
            self._check_compact(words)
        self._found, self._dotted = fitting, "." in str(words[0])

    def ticks(self) -> Ticks:
        """All times that were read."""
        parts = self._found[self._chosen()]
        return np.concatenate(parts) if parts else np.empty(0)

    def _chosen(self) -> str:
        if not self.is_unclear:
            return next(iter(self._found))
        if self._usual is not None:
            return self._usual
        day, month = (_unevenness(np.concatenate(self._found[each] or [np.empty(0)])) for each in EITHER)
        return EITHER[month < day or (month == day and not self._dotted)]

    def _check_compact(self, words: Sequence[Any]) -> None:
        """Refuses numbers of eight digits of which most are dates."""
        if not all(map(EIGHT_DIGITS.fullmatch, words)):
            return
        before = sum(map(len, self._found[ISO]))
        wrong = [row for row, word in enumerate(words) if not _parses(_date, word)]
        if 2 * len(wrong) < before + len(words):
            row = wrong[0]
            raise BadTimeError(row, f"the time is {words[row]!r}, expected a date such as 20010131")

    def _bad(self, words: Sequence[Any]) -> "BadTimeError":
        """What is wrong with times that are not all written as one kind."""
        known = [written for written in self._found if _parses(PARSERS[written], words[0])]
        if known:
            most = {written: _first_bad(PARSERS[written], words) for written in known}
            written = max(most, key=lambda each: most[each])
            row = most[written]
        else:
            written, row = next(iter(self._found)) if len(self._found) < len(PARSERS) else ISO, 0
        kind = {NUMBERS: "a number", ISO: "an ISO date such as 2001-01-31 or 2001-01-31 12:00"}
        return BadTimeError(row, f"the time is {words[row]!r}, expected {kind.get(written, written)}")


def read_times(words: Sequence[str | None]) -> Ticks:
    """The times that all of a column are.

    Raises:
        BadTimeError: one is missing or is no time like the others; says which.
    """
    reader = TimeReader()
    reader.add(words)
    return reader.ticks()


class BadTimeError(ValueError):
    """A time that is none.

    Args:
        row: Which of those that were to be read.
        words: What is wrong.
    """

    def __init__(self, row: int, words: str) -> None:
        super().__init__(words)
        self.row = row


def _parses(parse: Any, *words: Any) -> bool:
    try:
        parse(words)
    except ValueError:
        return False
    return True


def _first_bad(parse: Any, words: Sequence[Any]) -> int:
    return next(row for row, word in enumerate(words) if not _parses(parse, words[0], word))


def _unevenness(times: Ticks) -> tuple[int, float]:
    """How often times fall, and how much longer the longest step is than the usual one."""
    steps = gaps(times)
    rising = steps[steps > 0]
    return len(steps) - len(rising), float(rising.max() / np.median(rising)) if len(rising) else 0.0


def _number(words: Sequence[Any]) -> Ticks:
    values = np.array(words, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("a time is not finite")
    return values


def _date(words: Sequence[Any]) -> Ticks:
    compact = [COMPACT.fullmatch(word) is not None for word in words]
    if compact[0] and not all(compact):
        raise ValueError("a date is written otherwise than the first")
    if not compact[0] and _parses(_number, words[0]):
        raise ValueError("numbers are no dates")
    dashed = [COMPACT.sub(r"\1-\2-\3", word) for word in words]
    plain = [word.removesuffix("Z").removesuffix("+00:00").replace("/", "-") for word in dashed]
    if any("+" in word or not YEAR.match(word) for word in plain):  # numpy would warn, or read "now"
        raise ValueError("a date has an offset, or does not begin with a year")
    return np.array(plain, dtype="datetime64[us]")


PARSERS: dict[str, Callable[[Sequence[Any]], Ticks]] = {
    ISO: _date,
    NUMBERS: _number,
    **{written: partial(dates, written) for written in PATTERNS},
}
"""How times are written -> what reads them; the first that fits counts."""


def gaps(times: Ticks) -> Float64[np.ndarray, "..."]:
    """The time between successive steps; of dates in seconds."""
    if times.dtype.kind == "M":
        return np.diff(times) / np.timedelta64(1, "s")
    return np.diff(times.astype(np.float64))


def after(times: Ticks, count: int) -> Ticks:
    """The times that come next: as far apart as those before, by months or years where these are."""
    if len(times) < 2:
        raise ValueError(f"there are {len(times)} times, expected at least 2 to go on from")
    ahead = np.arange(1, count + 1)
    if times.dtype.kind != "M":
        return np.asarray(times[-1] + ahead * np.median(np.diff(times)))
    months = times.astype("datetime64[M]")
    within = times - months.astype(times.dtype)
    step = np.diff(months).astype(np.int64)
    if (within == within[0]).all() and step[0] > 0 and (step == step[0]).all():
        return np.asarray((months[-1] + ahead * step[0]).astype(times.dtype) + within[0])
    usual = round(float(np.median(np.diff(times).astype(np.int64))))
    return np.asarray(times[-1] + ahead * np.timedelta64(usual, "us"))


def plain(times: Ticks) -> list[Any]:
    """Times as a user reads them: numbers, or dates without what is 0 in all of them."""
    if times.dtype.kind != "M":
        return [int(time) if float(time).is_integer() else float(time) for time in times]
    days = (times == times.astype("datetime64[D]")).all()
    return [str(time) for time in times.astype("datetime64[D]" if days else "datetime64[s]")]
