"""Times of series: numbers or ISO dates, what comes after the last of them, and how far they are apart."""

import re
from collections.abc import Sequence
from typing import Any, final

import numpy as np
from jaxtyping import Float64, Shaped

COMPACT = re.compile(r"\b(1[5-9]\d\d|2[0-4]\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\b")
"""A date without hyphens, such as 20010131."""
Ticks = Shaped[np.ndarray, "..."]
"""Numbers (float64) or dates (datetime64 in microseconds)."""


@final
class TimeReader:
    """Reads times piece by piece; the first decides whether they are numbers or dates."""

    def __init__(self) -> None:
        self.are_dates: bool | None = None

    def read(self, words: Sequence[str | None]) -> Ticks:
        """The times in words.

        Raises:
            BadTimeError: one is missing or is no such time; says which.
        """
        for row, word in enumerate(words):
            if word is None:
                raise BadTimeError(row, "the time is missing")
        if self.are_dates is None and words:
            self.are_dates = COMPACT.fullmatch(words[0] or "") is not None or not _is_number(words[0])
        parse = _date if self.are_dates else _number
        try:
            return parse(words)
        except ValueError:
            wrong = next(row for row, word in enumerate(words) if not _parses(parse, word))
            kind = "an ISO date such as 2001-01-31 or 2001-01-31 12:00" if self.are_dates else "a number"
            raise BadTimeError(wrong, f"the time is {words[wrong]!r}, expected {kind}") from None


class BadTimeError(ValueError):
    """A time that is none.

    Args:
        row: Which of those that were to be read.
        words: What is wrong.
    """

    def __init__(self, row: int, words: str) -> None:
        super().__init__(words)
        self.row = row


def _is_number(word: Any) -> bool:
    return _parses(_number, word)


def _parses(parse: Any, word: Any) -> bool:
    try:
        parse([word])
    except ValueError:
        return False
    return True


def _number(words: Sequence[Any]) -> Ticks:
    values = np.array(words, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("a time is not finite")
    return values


def _date(words: Sequence[Any]) -> Ticks:
    dashed = [COMPACT.sub(r"\1-\2-\3", word) for word in words]
    plain = [word.removesuffix("Z").replace("/", "-") for word in dashed]
    if any("+" in word or not word[:1].isdigit() for word in plain):  # numpy would warn, or read "now"
        raise ValueError("a date has an offset")
    return np.array(plain, dtype="datetime64[us]")


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
