"""Words and numbers of the page."""

import html
import re
from collections.abc import Iterable
from pathlib import Path

HOME = re.compile(
    r"(?<![\w./~-])(?:/home/[^/\s'\"]+|/Users/[^/\s'\"]+|/root|[A-Za-z]:\\Users\\[^\\\s'\"]+)(?![\w.-])"
)
"""The folder of a user, as Linux, macOS and Windows spell it."""

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def without_home(text: str) -> str:
    """The text with `~` for the folders of users, whose names are nobody else's business."""
    home = str(Path.home())
    named = text.replace(home, "~") if len(home) > 1 else text
    return HOME.sub("~", named)


def escaped(text: object) -> str:
    """Anything as text that HTML shows letter by letter."""
    return html.escape(str(text), quote=True)


def plain(text: str) -> str:
    """Text that Plotly, which knows a little HTML, shows letter by letter."""
    return html.escape(text, quote=False)


def number(value: float | None) -> str:
    """A number as a person writes it: 0.05, 1,234, 3.2·10⁻⁶; a dash where there is none."""
    if value is None or value != value:
        return "–"
    if value in (float("inf"), float("-inf")):
        return "infinity" if value > 0 else "−infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:,.4g}" if abs(value) < 1e3 else f"{value:,.0f}"
    factor, _, exponent = f"{value:.2e}".partition("e")
    return f"{factor}·{power(int(exponent))}"


def power(exponent: int) -> str:
    """A power of ten: 10⁻⁶."""
    return "10" + str(exponent).translate(SUPERSCRIPTS)


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names in a row, the first few of them where they are many."""
    known = list(names)
    rest = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + rest
