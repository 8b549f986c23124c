"""Histograms of gradient magnitudes over training: a strip for each layer, or for each gate of one."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from zoo.diagnostics.histogram import LogBins
from zoo.diagnostics.parameter_paths import depth_of
from zoo.pictures.description import step_axis
from zoo.pictures.wording import number, power
from zoo.report.columns import Column, PanelRow, merged
from zoo.report.figure import (
    MOST_COLUMNS,
    Layout,
    Panel,
    Section,
    Table,
    Trace,
    View,
    evenly,
)
from zoo.report.palette import density
from zoo.report.plotly_view import axis_layout, bar_above, crosses, packed
from zoo.report.run import Run
from zoo.report.text import plain
from zoo.runs.gradient_records import JOURNAL

STRIP, BETWEEN, ABOVE, BELOW = 74, 22, 46, 56
"""Heights in pixels."""

MOST_STRIPS = 26
MOST_LAYERS = 12
"""Layers that are shown by gate."""

CAPTION = (
    "In each strip a column is a step, and its colour tells which share of the entries has that size. A band "
    "that sinks from strip to strip towards layer 1 is a vanishing gradient, one that climbs an exploding "
    "one. The lowest row holds the entries that are zero or below the axis. Choose a layer to see it by "
    "direction, gate and block: input weights, recurrent weights, bias."
)

GATE_COLUMNS = 100
UNIT = 0.005
"""Shares are told apart to half a percent."""

Choice = tuple[str, str | None, str]
"""Moment, layer, and beginning of the part's name."""


def histograms(runs: Sequence[Run]) -> Section:
    """The section of histograms, a panel for each run, on the same axes and in the same colours."""
    known = [run for run in runs if run.columns is not None]
    choices = _choices(known)
    frame = _frame(known)
    panels = [
        Panel(
            run.name,
            [View(name, *_picture(run, choice, frame)) for name, choice in choices.items()],
            run.index,
        )
        for run in known
    ]
    return Section(
        title="Histograms of the gradient over time",
        caption=CAPTION,
        panels=panels,
        tables=[_table(run, len(runs) > 1) for run in known],
        notes=[] if known else [f"Without histograms in {JOURNAL} there is nothing to show here."],
    )


def _choices(runs: Sequence[Run]) -> dict[str, Choice]:
    """The views: all layers before and after clipping, then single layers by gate."""
    choices: dict[str, Choice] = {
        "all layers, before clipping": ("before", None, ""),
        "all layers, after clipping": ("after", None, ""),
    }
    names = dict.fromkeys(row[1] for run in runs if run.columns for row in run.columns.rows("before"))
    stacked = [name for name in names if depth_of(name)]
    for index in evenly(len(stacked), MOST_LAYERS) if stacked else []:
        layer = stacked[index]
        parts = [row[2] for run in runs if run.columns for row in run.columns.rows("before", layer)]
        for direction in ("forward", "backward"):
            if any(part.startswith(direction) for part in parts):
                choices[f"{layer}, {direction}, by gate and block"] = ("before", layer, direction)
    return choices


def _frame(runs: Sequence[Run]) -> dict[str, Any]:
    """What the pictures share: the sizes that occur, the steps, and the largest share that gets a colour."""
    low, high, shares = 0.0, -1e9, [0.05]
    for run in runs:
        assert run.columns is not None
        bins = run.columns.bins
        seen = sum(
            (counts[1:-1] for column in run.columns.columns for counts in column.counts.values()), np.zeros(1)
        )
        where = np.flatnonzero(seen)
        if where.size:
            low = min(low, bins.edges[int(where[0])])
            high = max(high, bins.edges[min(int(where[-1]) + 1, bins.count)])
        shares += [
            float(_shares(column.counts[row])[1:].max())
            for row in run.columns.rows("before")
            for column in run.columns.columns[-50:]
            if row in column.counts
        ]
    top = float(np.quantile(shares, 0.98))
    return {
        "low": low,
        "high": max(high, low + 1),
        "end": max((run.last_step for run in runs), default=1),
        "top": top,
    }


def _picture(run: Run, choice: Choice, frame: dict[str, Any]) -> tuple[list[Trace], Layout]:
    columns = run.columns
    assert columns is not None
    moment, layer, start = choice
    rows = [row for row in columns.rows(moment, layer) if row[2].startswith(start)]
    rows = [rows[index] for index in evenly(len(rows), MOST_STRIPS)] if rows else []
    shown = merged(columns.columns, MOST_COLUMNS if layer is None else GATE_COLUMNS)
    traces = []
    if layer is None:
        # The output is at the top, as in drawings of networks.
        rows.reverse()
    for place, row in enumerate(rows):
        traces += list(_strip(run, row, shown, place))
    names = [row[1] if layer is None else row[2].removeprefix(start).strip() for row in rows]
    return traces, _layout(names, columns.bins, frame)


def _strip(run: Run, row: PanelRow, columns: Sequence[Column], place: int) -> Iterator[Trace]:
    assert run.columns is not None
    bins = run.columns.bins
    axis = "y" if place == 0 else f"y{place + 1}"
    counts = [column.counts.get(row) for column in columns]
    shares = np.stack(
        [np.zeros(bins.count + 2) if count is None else _shares(count) for count in counts], axis=1
    )
    used = np.flatnonzero(shares.any(axis=1))
    first, stop = (int(used[0]), int(used[-1]) + 1) if used.size else (0, 1)
    width = 1 / bins.bins_per_decade
    yield {
        "type": "heatmap",
        "x": [column.first for column in columns],
        "y0": round(bins.min_exponent + (first - 0.5) * width, 6),
        "dy": width,
        "z": packed(np.minimum(np.rint(shares[first:stop] / UNIT), 255).astype(np.uint8)),
        "coloraxis": "coloraxis",
        "yaxis": axis,
        "name": plain(" ".join(part for part in row[1:] if part)),
        "hovertemplate": "step %{x}<br>10^%{y:.2f}<br>%{z:d} half percent of entries",
        "meta": {"run": run.index},
    }
    broken = [
        float(column.first)
        for column, count in zip(columns, counts, strict=True)
        if count is not None and count[-1]
    ]
    if broken:
        top = bins.min_exponent + (stop - 0.5) * width
        yield crosses(broken, top, run.index) | {"yaxis": axis, "showlegend": False}


def _shares(counts: np.ndarray) -> np.ndarray:
    """Shares of the entries that are not NaN or infinite, without the last place, which counts those."""
    finite = counts[:-1]
    return np.asarray(finite / max(int(finite.sum()), 1))


def _layout(names: Sequence[str], bins: LogBins, frame: dict[str, Any]) -> Layout:
    inner = max(len(names) * (STRIP + BETWEEN), 1)
    below = frame["low"] - 1 / bins.bins_per_decade
    span = [below, frame["high"]]
    ticks = _ticks(frame["low"], frame["high"])
    layout: Layout = {
        "height": inner + ABOVE + BELOW,
        "xaxis": axis_layout(step_axis(frame["end"])),
        "margin": {"t": ABOVE, "b": BELOW},
        "coloraxis": _coloraxis(frame["top"]),
        "annotations": [],
        "meta": {"steps": True, "dark": density(dark=True)},
    }
    for place in reversed(range(len(names))):
        top = 1 - (place * (STRIP + BETWEEN) + BETWEEN) / inner
        layout["yaxis" if place == 0 else f"yaxis{place + 1}"] = {
            "domain": [round(max(top - STRIP / inner, 0), 5), round(top, 5)],
            "range": span,
            "tickvals": ticks,
            "ticktext": [power(tick) for tick in ticks],
        }
        layout["annotations"].append(
            {
                "text": plain(names[place]),
                "xref": "paper",
                "yref": "paper",
                "x": 0,
                "y": round(top, 5),
                "xanchor": "left",
                "yanchor": "bottom",
                "showarrow": False,
            }
        )
    layout["xaxis"]["anchor"] = "y" if len(names) == 1 else f"y{len(names)}"
    return layout


def _coloraxis(top: float) -> Layout:
    shares = [share for share in (0, 0.1, 0.2, 0.3, 0.5, 0.75, 1) if share <= top]
    bar = bar_above("share of entries", [(share / UNIT, f"{share:.0%}") for share in shares], 1.0)
    return {"cmin": 0, "cmax": round(top / UNIT, 2), "colorscale": density(dark=False), "colorbar": bar}


def _ticks(low: float, high: float) -> list[int]:
    stride = max(int(np.ceil((high - low) / 4)), 1)
    return [exponent for exponent in range(int(np.ceil(low)), int(high) + 1) if exponent % stride == 0]


def _table(run: Run, several: bool) -> Table:
    """Medians of the sizes, and the shares that a logarithmic axis cannot show."""
    assert run.columns is not None
    columns = run.columns.columns
    chosen = [columns[index] for index in evenly(len(columns), 5)]
    head = ("layer", *(f"median at step {column.first:,}" for column in chosen), "zero or tiny", "not finite")
    rows = []
    for row in run.columns.rows("before"):
        total = np.sum([column.counts[row] for column in columns if row in column.counts], axis=0)
        medians = [_median(column.counts.get(row), run.columns.bins) for column in chosen]
        entries = max(int(total.sum()), 1)
        rows.append((row[1], *medians, f"{total[0] / entries:.1%}", f"{total[-1] / entries:.1%}"))
    title = "Median size of the gradient's entries, by layer and step"
    return Table(f"{run.name}: {title}" if several else title, head, tuple(rows))


def _median(counts: np.ndarray | None, bins: LogBins) -> str:
    if counts is None or not counts[:-1].sum():
        return number(None)
    place = int(np.searchsorted(np.cumsum(counts[:-1]), counts[:-1].sum() / 2))
    if place == 0:
        return "0 or below the axis"
    return number(10 ** (bins.min_exponent + (place - 0.5) / bins.bins_per_decade))
