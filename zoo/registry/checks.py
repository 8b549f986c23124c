"""Checks of what a user gave, and the sentences that say what is wrong with it."""

import difflib
import math
from collections.abc import Collection, Iterable
from typing import Any

MOST_LISTED = 24
"""Names that an error lists."""


class UnknownNameError(LookupError):
    """A name that no registry entry has. Unlike KeyError, its message prints without quotes."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`"; did you mean 'lstm'?"`, or an empty string when nothing known looks like `name`."""
    lowered = {option.lower(): option for option in known}
    close = difflib.get_close_matches(name.lower(), lowered, n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(lowered[match]) for match in close)}?" if close else ""


def unknown(kind: str, name: str, known: Collection[str], alike: Iterable[str] = ()) -> str:
    """The sentence that says `name` is unknown, what is near it, and what is known or where that is listed.

    Args:
        kind: Of part.
        name: What was given.
        known: The names there are.
        alike: What to look for one near it in, where that is more than `known`.
    """
    hint = nearest(name, alike or known) or ";"
    where = "data" if kind == "data module" else plural(kind)
    listed = ", ".join(known) if len(known) <= MOST_LISTED else f"{len(known)}, see `zoo list {where}`"
    return f"unknown {kind} {name!r}{hint} Known: {listed}"


def plural(kind: str) -> str:
    """Several parts of this kind."""
    return f"{kind}es" if kind.endswith("ch") else f"{kind}s"


def printable(text: str) -> str:
    """The text with control characters escaped: names come from files, and a terminal obeys some of them."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def check_positive(name: str, value: Any) -> None:
    """Raises ValueError unless `value` is an integer of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} is {value!r}; expected an integer of at least 1")


def check_finite(name: str, value: Any) -> None:
    """Raises ValueError unless `value` is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} is {value!r}; expected a finite number")


def check_fraction(name: str, value: Any) -> None:
    """Raises ValueError unless 0 <= value < 1."""
    check_finite(name, value)
    if not 0 <= value < 1:
        raise ValueError(f"{name} is {value!r}; expected a number from 0 up to, but not including, 1")


def check_choice(name: str, value: Any, choices: Iterable[str | int]) -> None:
    """Raises ValueError, with the nearest choice, unless `value` is one of `choices`."""
    known = list(choices)
    if value not in known:
        words = [str(choice) for choice in known]
        hint = nearest(str(value), words) or ";"
        raise ValueError(f"{name} is {value!r}{hint} expected one of {', '.join(words)}")
