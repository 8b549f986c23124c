"""Maps of single sequences: where attention looked, piano rolls."""

from collections.abc import Sequence

import numpy as np

from zoo.report.figure import Layout, Panel, Section, Table, Trace, View
from zoo.report.palette import kinds_scale, parts
from zoo.report.plotly_view import bar_above, packed
from zoo.report.run import Run
from zoo.report.text import plain
from zoo.runs.evaluation import Gallery, Grid

ROW, MOST_ROW_PIXELS, ABOVE, BELOW = 18, 460, 52, 70
"""Pixels of a row, of all rows, and of what stands around them."""
LETTERS, SHORT_WORD = 150, 2
"""Letters that fit below a map, and those of words that are not turned where they do not fit."""
MOST_SAID = 4000
"""Places that say their words where one points at them."""


def galleries(runs: Sequence[Run]) -> list[Section]:
    """A section for each kind of maps that `zoo evaluate` has drawn, of all runs."""
    titles = dict.fromkeys(gallery.title for run in runs for gallery in run.evaluation.galleries)
    return [_section(title, runs) for title in titles]


def _section(title: str, runs: Sequence[Run]) -> Section:
    found = [(run, each) for run in runs for each in run.evaluation.galleries if each.title == title]
    several = len(runs) > 1
    return Section(
        title=title,
        caption=found[0][1].caption,
        panels=[panel for run, gallery in found for panel in _panels(run, gallery, several)],
        tables=[table for run, gallery in found for table in _tables(run, gallery, several)],
        full=True,
    )


def _panels(run: Run, gallery: Gallery, several: bool) -> list[Panel]:
    names = dict.fromkeys(grid.panel for grid in gallery.grids)
    return [
        Panel(
            f"{run.name}: {name}" if several else name,
            [_view(grid) for grid in gallery.grids if grid.panel == name],
            run.index,
        )
        for name in names
    ]


def _view(grid: Grid) -> View:
    values = np.array(grid.values, dtype=np.float32).reshape(len(grid.rows), len(grid.columns))
    rows = min(max(len(grid.rows), 4) * ROW, MOST_ROW_PIXELS)
    layout: Layout = {
        "height": rows + ABOVE + BELOW,
        "margin": {"t": ABOVE, "b": BELOW},
        "xaxis": _axis(grid.across, grid.columns, LETTERS),
        "yaxis": _axis(grid.up, grid.rows, len(grid.rows) * LETTERS)
        | {"range": [len(grid.rows) - 0.5, -0.5]},
        "coloraxis": _colours(grid),
        "meta": {"dark": kinds_scale(len(grid.kinds), dark=True) if grid.kinds else parts(dark=True)},
    }
    trace = {"type": "heatmap", "z": packed(values), "xgap": 1, "ygap": 1, "coloraxis": "coloraxis"}
    return View(grid.view, [trace | _hover(grid)], layout)


def _axis(title: str, words: Sequence[str], room: int) -> Layout:
    """Words at the places from 0 on: at each, at every second and so on, with room for so many letters."""
    longest = max(map(len, words), default=0)
    turned = longest > SHORT_WORD and len(words) * (longest + 1) > room
    stride = -(-len(words) * (2 if turned else longest + 1) // room)
    kept = range(0, len(words), max(stride, 1))
    return {
        "title": {"text": plain(title)},
        "tickvals": list(kept),
        "ticktext": [plain(words[place]) for place in kept],
        "tickangle": -90 if turned else 0,
        "showgrid": False,
    }


def _colours(grid: Grid) -> Layout:
    """What colours mean: shares from 0 to 1, or kinds."""
    if not grid.kinds:
        ticks = [(part / 4, f"{part / 4:.0%}") for part in range(5)]
        return {
            "cmin": 0,
            "cmax": 1,
            "colorscale": parts(dark=False),
            "colorbar": bar_above("", ticks, 1.0),
        }
    count = len(grid.kinds)
    bar = bar_above("", [(float(k), plain(words)) for k, words in enumerate(grid.kinds)], 1.0)
    return {
        "cmin": -0.5,
        "cmax": count - 0.5,
        "colorscale": kinds_scale(count, dark=False),
        "colorbar": bar,
    }


def _hover(grid: Grid) -> Trace:
    """The words of a place, where there are few enough."""
    if len(grid.rows) * len(grid.columns) > MOST_SAID:
        return {"hovertemplate": f"{plain(grid.across)} %{{x}}: %{{z:.2f}}<extra></extra>"}
    text = [[f"{plain(row)} · {plain(column)}" for column in grid.columns] for row in grid.rows]
    up, across = plain(grid.up), plain(grid.across)
    return {"text": text, "hovertemplate": f"{up} · {across}<br>%{{text}}<br>%{{z:.2f}}<extra></extra>"}


def _tables(run: Run, gallery: Gallery, several: bool) -> list[Table]:
    """The kinds counted; or, without any, of each row the column of the largest value."""
    before = f"{run.name}: " if several else ""
    sorted_out = [grid for grid in gallery.grids if grid.kinds]
    if sorted_out:
        rows = tuple((grid.view, *_counts(grid)) for grid in sorted_out)
        return [Table(f"{before}{sorted_out[0].panel}", ("", *sorted_out[0].kinds), rows)]
    return [
        Table(f"{before}{grid.panel}", (grid.up, f"largest at this {grid.across}", "weight"), _largest(grid))
        for grid in gallery.grids
    ]


def _counts(grid: Grid) -> list[str]:
    values = np.array(grid.values)
    return [f"{int((values == k).sum()):,}" for k in range(len(grid.kinds))]


def _largest(grid: Grid) -> tuple[tuple[str, str, str], ...]:
    places = [int(np.argmax(row)) for row in grid.values if len(row)]
    rows = zip(grid.rows, places, grid.values, strict=False)
    return tuple((word, f"{grid.columns[at]} ({at + 1})", f"{row[at]:.2f}") for word, at, row in rows)
