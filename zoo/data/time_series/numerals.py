"""Numbers as people write them: a decimal comma, and marks between thousands."""

import re
from dataclasses import dataclass
from typing import Any, final

DECIMALS = (".", ",")
THOUSANDS = (",", ".", " ", "'", "_")
MISSING_NUMBERS = ("NA", "N/A", "NaN", "null", "none", "?", "-")
MISSING = (
    "",
    *{form: None for word in MISSING_NUMBERS for form in (word, word.lower(), word.upper(), word.title())},
)
"""What stands where a number is missing."""
INFINITE = "[+-]?inf(inity)?"


@final
@dataclass(frozen=True, kw_only=True)
class Numerals:
    """How numbers are written.

    Raises:
        ValueError: a mark is none of those that numbers have, or both are the same.
    """

    decimal: str = "."
    """Before the fraction: "." or ","."""
    thousands: str | None = None
    """Between thousands; None where nothing is."""

    def __post_init__(self) -> None:
        if self.decimal not in DECIMALS:
            raise ValueError(f"decimal must be '.' or ',', got {self.decimal!r}")
        if self.thousands is not None and self.thousands not in THOUSANDS:
            known = ", ".join(map(repr, THOUSANDS))
            raise ValueError(f"thousands must be one of {known}, got {self.thousands!r}")
        if self.thousands == self.decimal:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}; expected two different marks")

    @property
    def are_plain(self) -> bool:
        """Whether numbers are as a computer writes them."""
        return self.decimal == "." and self.thousands is None

    @property
    def pattern(self) -> str:
        """What the whole of a number matches."""
        point = re.escape(self.decimal)
        grouped = rf"[1-9]\d{{0,2}}({re.escape(self.thousands or '')}\d{{3}})+"
        whole = r"\d+" if self.thousands is None else rf"({grouped}|\d+)"
        return rf"[+-]?({whole}({point}\d*)?|{point}\d+)([eE][+-]?\d+)?"

    def is_number(self, text: str) -> bool:
        """Whether a text is a number that is written so."""
        return bool(re.fullmatch(f"{self.pattern}|{INFINITE}", text, re.IGNORECASE))

    def read(self, column: Any) -> Any:
        """A pyarrow column of texts as one of numbers.

        Raises:
            pyarrow.ArrowInvalid: one is no number.
        """
        import pyarrow  # takes half a second, and only files need it
        from pyarrow import compute

        text = compute.utf8_trim_whitespace(column)
        text = compute.if_else(compute.is_in(text, pyarrow.array(MISSING)), None, text)
        fits = compute.match_substring_regex(text, f"^({self.pattern})$")
        if compute.all(fits).as_py() is False:
            raise pyarrow.ArrowInvalid("a value is no number")
        if self.thousands is not None:
            text = compute.replace_substring(text, self.thousands, "")
        return compute.replace_substring(text, self.decimal, ".").cast(pyarrow.float64())


PLAIN = Numerals()
"""Numbers as a computer writes them."""
