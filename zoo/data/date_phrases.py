"""Dates in words, to be written as numbers: a small parallel corpus by a grammar."""

import math
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import final

import torch

from zoo.data import DATA
from zoo.data.base import check_counts
from zoo.data.synthetic.made_pairs import MadePairs, TextPair

MONTHS = [
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
]
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
ONES = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
IRREGULAR = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth"} | {
    "nine": "ninth",
    "twelve": "twelfth",
    "twenty": "twentieth",
    "thirty": "thirtieth",
}
FORMS = (
    "the {day} of {month} {year}",
    "{month} the {day}, {year}",
    "{weekday}, the {day} of {month} {year}",
    "{weekday} {month} {day} {year}",
    "{month} {day}, in the year {year}",
    "on the {day} day of {month}, {year}",
)
"""The sentences of the grammar, equally likely."""


@final
@DATA.register("date_phrases")
class DatePhrases(MadePairs):
    """Dates in English words, such as "monday, the twenty-first of july nineteen sixty-nine", as 1969-07-21.

    Both sides are spelled: the source has letters, space, comma and hyphen, the target digits and hyphen.
    Days are drawn evenly from the first to the last year, and the phrase from six forms; a year is said in
    hundreds ("nineteen oh five", "nineteen hundred and five") or, from 2000 on, in thousands, too. A part of
    the text says nothing new (the weekday), and the order of the parts changes: that is what attention is
    for. Batches: `x` (B, S), `lengths` (B,); `y` (B, 11), the ten signs of the date and `<eos>`; see
    `MadePairs`.

    Args:
        first_year: Years begin with this one, 1100 or later.
        last_year: Years end with this one, 2099 or earlier.
        batch_size: Dates of one batch.
        steps_per_epoch: Training batches of one epoch, drawn anew.
        val_size: Dates of the validation set.
        test_size: Dates of the test set.
        seed: Decides every date and its words.
        num_workers: Processes that load batches; 0 loads in the training process.
    """

    source_symbols = "abcdefghijklmnopqrstuvwxyz ,-"
    target_symbols = "0123456789-"

    def __init__(
        self,
        first_year: int = 1800,
        last_year: int = 2099,
        batch_size: int = 64,
        steps_per_epoch: int = 200,
        val_size: int = 500,
        test_size: int = 1000,
        seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__(batch_size, steps_per_epoch, val_size, test_size, seed, num_workers)
        check_counts(first_year=first_year, last_year=last_year)
        if not 1100 <= first_year <= last_year <= 2099:
            raise ValueError(
                f"first_year is {first_year} and last_year is {last_year}; expected years from 1100 to 2099, "
                f"in this order"
            )
        self.first_year, self.last_year = first_year, last_year

    @property
    def baseline(self) -> float:
        """Nats per token of an answer that has not read the source, were all days equally likely."""
        days = (date(self.last_year, 12, 31) - date(self.first_year, 1, 1)).days + 1
        return math.log(days) / 11

    @property
    def maker(self) -> Callable[[torch.Generator], TextPair]:
        return partial(dated_pair, date(self.first_year, 1, 1), date(self.last_year, 12, 31))


def dated_pair(first: date, last: date, random: torch.Generator) -> TextPair:
    """A day from `first` to `last`, in words and in numbers."""
    day = first + timedelta(days=int(torch.randint((last - first).days + 1, (), generator=random)))
    form = FORMS[int(torch.randint(len(FORMS), (), generator=random))]
    ways = years_in_words(day.year)
    words = form.format(
        day=ordinal(day.day),
        month=MONTHS[day.month - 1],
        weekday=WEEKDAYS[day.weekday()],
        year=ways[int(torch.randint(len(ways), (), generator=random))],
    )
    return words, day.isoformat()


def cardinal(number: int) -> str:
    """A number below 100 in words."""
    if number < len(ONES):
        return ONES[number]
    tens, ones = divmod(number, 10)
    return TENS[tens - 2] + (f"-{ONES[ones]}" if ones else "")


def ordinal(number: int) -> str:
    """The place of a number below 100 in words: "twenty-first"."""
    before, hyphen, last = cardinal(number).rpartition("-")
    return f"{before}{hyphen}{IRREGULAR.get(last, f'{last}th')}"


def years_in_words(year: int) -> list[str]:
    """All ways to say a year from 1100 to 2099."""
    century, rest = divmod(year, 100)
    hundreds = f"{cardinal(century)} hundred"
    if century == 20:
        ways = ["two thousand" if not rest else f"two thousand and {cardinal(rest)}"]
        return [*ways, f"twenty {cardinal(rest)}"] if rest >= 10 else ways
    if not rest:
        return [hundreds]
    shorter = cardinal(rest) if rest >= 10 else f"oh {cardinal(rest)}"
    return [f"{cardinal(century)} {shorter}", f"{hundreds} and {cardinal(rest)}"]
