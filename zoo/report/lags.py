"""How far back in time the gradient reaches: as curves over the lag, and as maps over training."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import final

from zoo.diagnostics.lag_record import LagRecord
from zoo.pictures.by_lag import (
    SHARE,
    WORDS,
    LagRows,
    beyond_axis,
    colours_of,
    curves_of,
    lag_map,
    longest,
    norm_axis,
    norms_of,
    shares_of,
    size_by_lag,
    state_of,
    way_of,
)
from zoo.pictures.description import Axis, lag_axis, step_axis
from zoo.pictures.looks import of_run
from zoo.pictures.wording import number
from zoo.report.figure import MOST_COLUMNS, Panel, Section, Table, View, evenly
from zoo.report.plotly_view import view
from zoo.report.run import Run, remarks
from zoo.runs.lag_records import THROUGH_TIME

MOST_MAPS = 24
SHOWN_LAGS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)


@final
@dataclass(frozen=True, kw_only=True)
class Choice:
    """A view of the curves.

    Attributes:
        name: What the reader chooses it by.
        up: Its vertical axis, the same for all runs.
        count: Lags on the other axis.
        place: Of the measured step, in their order.
        rows: What is shown of the record of a step.
    """

    name: str
    up: Axis
    count: int
    place: int
    rows: Callable[[LagRecord], LagRows]


def by_lag(runs: Sequence[Run]) -> Section:
    """The section of curves: a panel for each run, and one in which all runs meet, layer by layer."""
    known = [run for run in runs if run.lags]
    choices = _choices(known)
    panels = [Panel(run.name, _curves([run], choices), run.index) for run in known]
    if len(known) > 1:
        panels.append(Panel("first layer of all runs", _curves(known, choices)))
    return Section(
        title="Gradient against lag",
        caption="How much gradient arrives so many steps before the end of a sequence. A line that falls "
        "straight forgets by the same factor at each step; where it has fallen a thousandfold, nothing older "
        "is learned. The share from further back is that of the summed norms of the recurrent weight's "
        "gradient.",
        panels=panels,
        tables=[_table(run, len(runs) > 1) for run in known],
        notes=remarks(runs, THROUGH_TIME),
    )


def over_training(runs: Sequence[Run]) -> Section:
    """The section of maps, a panel for each run, on the same axes and in the same colours."""
    known = [run for run in runs if run.lags]
    return Section(
        title="Gradient against lag over training",
        caption="Each column is a step of the optimiser, each row a lag; the brighter, the more gradient "
        "arrives. A bright region that grows upwards is a network that learns to look further back.",
        panels=[Panel(run.name, _maps(run, known), run.index) for run in known],
        notes=[] if known else [f"Without {THROUGH_TIME} there is no map."],
    )


def _choices(runs: Sequence[Run]) -> list[Choice]:
    """What a reader can see: each kind of norms in the last step and in the first, and the shares."""
    ends = [lags for run in runs for lags in (run.lags[0], run.lags[-1])]
    count, found = longest(ends), []
    states = dict.fromkeys(state_of(key) for lags in ends for key in lags.state)
    kinds = [("state", state) for state in states]
    kinds += [("weight", "h")] if any(lags.weight for lags in ends) else []
    for kind, state in kinds:
        up = norm_axis(ends, kind, state)
        for when, place in (("last step", -1), ("first step", 0)):
            rows = partial(norms_of, kind=kind, state=state)
            found.append(Choice(name=f"{up.title}, {when}", up=up, count=count, place=place, rows=rows))
    beyond = beyond_axis()
    shares = Choice(name=f"{SHARE}, last step", up=beyond, count=count, place=-1, rows=shares_of)
    return [*found, shares]


def _curves(runs: Sequence[Run], choices: Sequence[Choice]) -> list[View]:
    """The views of one run; of several, with the first layer of each in them."""
    views = []
    for choice in choices:
        plots = [
            size_by_lag(choice.rows(run.lags[choice.place]), choice.up, choice.count, run.index)
            for run in runs
        ]
        lines = plots[0].lines
        if len(runs) > 1:
            lines = [
                replace(line, name=f"{run.name}, {line.name}", look=of_run(run.index))
                for run, plot in zip(runs, plots, strict=True)
                for line in plot.lines[:1]
            ]
        views.append(view(choice.name, 340, replace(plots[0], lines=lines)))
    return views


def _maps(run: Run, runs: Sequence[Run]) -> list[View]:
    """Of each layer and direction that any run has a map, so that the panels have the same views."""
    every, views = [record for other in runs for record in other.lags], []
    shown = [run.lags[index] for index in evenly(len(run.lags), MOST_COLUMNS)]
    across, up = step_axis(max(other.last_step for other in runs)), lag_axis(longest(every))
    for kind in ("state", "weight"):
        keys = list(dict.fromkeys(key for other in runs for key in curves_of(other.lags[-1], kind)))
        ends = colours_of(every, keys, kind)
        for key in (keys[index] for index in evenly(len(keys), MOST_MAPS)):
            plot = lag_map(shown, kind, key, across, up, ends)
            views.append(view(plot.title, 380, replace(plot, run=run.index)))
    return views


def _table(run: Run, several: bool) -> Table:
    last = run.lags[-1]
    longest = max((len(row) for row in last.state.values()), default=0)
    shown = [lag for lag in SHOWN_LAGS if lag < longest]
    rows = [
        (f"{way_of(key)}, {WORDS[kind].format(state_of(key))}", *(_cell(row, lag) for lag in shown))
        for kind in ("state", "weight")
        for key, row in curves_of(last, kind).items()
    ]
    title = f"Norms at step {last.step:,} by steps back in time"
    return Table(f"{run.name}: {title}" if several else title, ("layer", *map(str, shown)), tuple(rows))


def _cell(row: Sequence[float], lag: int) -> str:
    return number(row[lag]) if lag < len(row) else ""
