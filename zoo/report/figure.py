"""What a page is made of: sections with figures and the tables that say the same in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

MOST_COLUMNS = 300
"""Columns of a map."""

MOST_ROWS = 24
"""Rows of a table that stands for a curve."""

Trace = dict[str, Any]
Layout = dict[str, Any]


@final
@dataclass(frozen=True)
class Table:
    """Numbers and words in rows.

    Attributes:
        title: What it holds; "" where the heading above it says so.
        head: Names of the columns; the first column names the rows.
        rows: As long as `head`, each.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@final
@dataclass(frozen=True)
class View:
    """One of the pictures that a panel can show.

    Attributes:
        name: What the reader chooses it by; the same in all panels of a section.
        traces: Plotly's traces. What `meta` says of a trace: `run`, the index of the run that it belongs to,
            and `dark`, its colour on a dark page.
        layout: Plotly's layout; the page adds fonts and colours.
    """

    name: str
    traces: Sequence[Trace]
    layout: Layout


@final
@dataclass(frozen=True)
class Panel:
    """A place for a picture.

    Attributes:
        title: Stands above it.
        views: The first is shown at first.
        run: Index of the run that the panel is about, or None where it is about several.
    """

    title: str
    views: Sequence[View]
    run: int | None = None


@final
@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page.

    Attributes:
        title: Its heading.
        caption: A sentence or two that say how to read it.
        panels: Side by side where there is room.
        said: What the figures show, in a sentence for each run.
        tables: The numbers behind the panels, or shown outright where there are no panels.
        notes: What is left out, and why.
        full: Whether each panel has the whole width.
    """

    title: str
    caption: str
    panels: Sequence[Panel] = ()
    said: Sequence[str] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    full: bool = False


def evenly(count: int, most: int) -> list[int]:
    """At most so many indices of `count` things, the first and the last among them."""
    chosen = np.linspace(0, count - 1, min(count, most)).round().astype(int)
    return [int(index) for index in chosen]
