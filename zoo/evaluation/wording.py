"""Numbers and words in the cells of a table."""

from collections.abc import Mapping
from typing import Any

MARKS = str.maketrans({"\n": "⏎", "\t": "⇥", "\r": "⏎"})
"""What would break a line of a table."""


def share(part: float, whole: float = 1.0) -> str:
    """A part of a whole in hundredths; "-" of nothing."""
    value = part / whole if whole else float("nan")
    return "-" if value != value else f"{value:.1%}"


def brief(value: Any, most: int) -> str:
    """A value in at most so many letters, on one line; a list as its words."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        value = " ".join(brief(each, most) for each in value)
    text = one_line(str(value))
    return text if len(text) <= most else f"{text[: most - 1]}…"


def one_line(text: str) -> str:
    """A text with marks for what would break its line."""
    return text.translate(MARKS)


def named(number: int, names: Mapping[int, str] | list[Any] | None) -> str:
    """The name of a number, itself where it has none; never an empty cell."""
    if names is None:
        return str(number)
    name = names.get(number, str(number)) if isinstance(names, Mapping) else str(names[number])
    return one_line(name).replace(" ", "␣") or "∅"
