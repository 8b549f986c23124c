"""Sections, figures and tables as HTML."""

import json
import re
from collections.abc import Sequence
from typing import Any

from zoo.report.figure import Panel, Section, Table
from zoo.report.text import escaped

NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*(e[-+]?[0-9]+)?%?")
WIDE = 330
"""Pixels of height from which on figures are given more width."""


def place_of(section: Section) -> str:
    """Where links find a section."""
    return "".join(letter if letter.isalnum() else "-" for letter in section.title.lower())


def heading(place: str, title: str) -> str:
    """The beginning of a section."""
    return f'<section id="{place}" aria-labelledby="{place}-h"><h2 id="{place}-h">{escaped(title)}</h2>'


def note(text: str) -> str:
    """A sentence on what is left out."""
    return f'<p class="note">{escaped(text)}</p>'


def section_block(section: Section) -> str:
    """A section, its numbers folded away below its figures, for those who cannot see or point at these."""
    parts = [heading(place_of(section), section.title)]
    parts += [f'<p class="said">{escaped(sentence)}</p>' for sentence in section.said]
    parts += [f"<p>{escaped(section.caption)}</p>", *map(note, section.notes)]
    tables = "".join(map(table_block, section.tables))
    if section.panels:
        parts += [_choice(section), _panels(section)]
        tables = folded(f"{section.title}: the numbers", tables) if tables else ""
    return "\n".join([*(part for part in parts if part), tables, "</section>"])


def folded(summary: str, content: str) -> str:
    """Content that a click or a key unfolds."""
    return f"<details><summary>{escaped(summary)}</summary>{content}</details>"


def scrolled(label: str, content: str) -> str:
    """Content that scrolls by itself where it is too wide or too long, by keyboard too."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{escaped(label)}">{content}</div>'


def table_block(table: Table) -> str:
    """A table."""
    caption = f"<caption>{escaped(table.title)}</caption>" if table.title else ""
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in table.head)
    rows = "".join(map(_row, table.rows))
    whole = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return scrolled(table.title or "Numbers", whole)


def _row(row: Sequence[str]) -> str:
    cells = "".join(f"<td{_whole(cell)}>{escaped(cell)}</td>" for cell in row[1:])
    return f'<tr><th scope="row">{escaped(row[0])}</th>{cells}</tr>'


def _whole(cell: str) -> str:
    """What keeps a number on one line."""
    return ' class="number"' if NUMBER.fullmatch(cell) else ""


def _choice(section: Section) -> str:
    names = [view.name for view in section.panels[0].views]
    if len(names) < 2:
        return ""
    options = "".join(f'<option value="{index}">{escaped(name)}</option>' for index, name in enumerate(names))
    return f'<p class="choice"><label>Show <select autocomplete="off">{options}</select></label></p>'


def _panels(section: Section) -> str:
    wide = " wide" if max(panel.views[0].layout["height"] for panel in section.panels) > WIDE else ""
    wide = " full" if section.full else wide
    figures = "".join(_figure(section, panel) for panel in section.panels)
    content = f'<script type="application/json">{_json(section.panels)}</script>'
    return f'<div class="panels{wide}">{figures}</div>\n{content}'


def _figure(section: Section, panel: Panel) -> str:
    words = f"{section.title}: {panel.title}"
    label = escaped(f"{words}; its numbers are below" if section.tables else words)
    height = panel.views[0].layout["height"]
    return (
        f"<figure><figcaption>{escaped(panel.title)}</figcaption>"
        f'<div class="plot" role="img" aria-label="{label}" style="height:{height}px"></div>'
        '<ul class="legend"></ul></figure>'
    )


def _json(panels: Sequence[Panel]) -> str:
    """The panels as the script reads them; traces that views share stand there once."""
    traces: dict[str, int] = {}
    shown = []
    for panel in panels:
        views = []
        for view in panel.views:
            places = [traces.setdefault(_compact(trace), len(traces)) for trace in view.traces]
            views.append({"traces": places, "layout": view.layout})
        shown.append({"run": panel.run, "views": views})
    text = f'{{"traces":[{",".join(traces)}],"panels":{_compact(shown)}}}'
    # Nothing in a file may end the script that carries it.
    return text.replace("<", "\\u003c")


def _compact(plain: Any) -> str:
    return json.dumps(plain, separators=(",", ":"), allow_nan=False)
