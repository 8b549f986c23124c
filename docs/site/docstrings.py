"""Docstrings of the zoo as reStructuredText, with those signs escaped that mean something there alone."""

import re
from collections.abc import Iterator
from typing import Any

ATTRIBUTES = ("attribute", "property")
KEPT: dict[str, list[str]] = {}
"""The lines of the attribute that is being read."""
LITERAL = re.compile(r"(`[^`]*`|https?://\S+)")


def setup(app: Any) -> dict[str, bool]:
    """Goes over each docstring before Google's sections are read."""
    app.connect("autodoc-process-docstring", _process, priority=100)
    app.connect("autodoc-process-docstring", _restore, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _process(app: Any, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    lines[:] = list(escaped(lines))
    if what in ATTRIBUTES:
        KEPT[name] = list(lines)


def _restore(app: Any, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    """Undoes what napoleon makes of attributes: it takes what stands before a colon for their type."""
    lines[:] = KEPT.pop(name, lines)


def escaped(lines: list[str]) -> Iterator[str]:
    """The lines, of which those below a `::` stay as they are."""
    literal: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if literal is not None and line.strip() and indent <= literal:
            literal = None
        if literal is None:
            yield _escaped(line)
            if line.rstrip().endswith("::"):
                literal = indent
        else:
            yield line


def _escaped(line: str) -> str:
    if line.lstrip().startswith(".. "):
        return line
    parts = LITERAL.split(line)
    for place, part in enumerate(parts):
        if place % 2 == 0:
            # bars, stars, and letters that end in a bar would be references
            parts[place] = re.sub(r"(?<=\w)_(?!\w)", r"\\_", re.sub(r"([|*])", r"\\\1", part))
    return "".join(parts)
