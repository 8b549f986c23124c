"""Words of the page."""

import html
import re
from collections.abc import Iterable
from pathlib import Path

HOME = re.compile(
    r"(?<![\w./~-])(?:/home/[^/\s'\"]+|/Users/[^/\s'\"]+|/root|[A-Za-z]:\\Users\\[^\\\s'\"]+)(?![\w.-])"
)
"""The folder of a user, as Linux, macOS and Windows spell it."""


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


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names in a row, the first few of them where they are many."""
    known = list(names)
    rest = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + rest
