"""Losses and metrics over training, each in a panel, all runs in it."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from zoo.diagnostics.quantities import Metric
from zoo.pictures.description import Axis, Line, Plot, log_axis, share_axis, step_axis
from zoo.pictures.looks import DASHES, of_run
from zoo.pictures.wording import number
from zoo.report.figure import MOST_ROWS, Panel, Section, Table, evenly
from zoo.report.plotly_view import view
from zoo.report.run import Run, remarks
from zoo.runs.metrics_file import METRICS, Curve

WATCHED = re.compile(r"^(?:(?:.+_)?layer_\d+|head|embedding|attention|gradient)/")
"""Metrics that tell how gradients and states fare; they have sections of their own."""

STAGES = ("train", "val", "test")
MOST_METRICS = 24


def is_result(name: str) -> bool:
    """Whether a metric tells how good the model is, or how it was trained, not how it fares inside."""
    return not WATCHED.match(name)


def results(runs: Sequence[Run]) -> list[str]:
    """The names of such metrics in any run: losses first, signs for a verdict last, training data first."""
    names = {name for run in runs for name in run.metrics if is_result(name)}
    return sorted(names, key=_order)


def _order(name: str) -> tuple[bool, bool, str, int, str]:
    return Metric.of(name) is not None, _what(name) != "loss", _what(name), _place(name), name


def curves(runs: Sequence[Run]) -> Section:
    """The section of curves."""
    names = results(runs)
    whats = list(dict.fromkeys(map(_what, names)))
    panels = [_panel(what, [name for name in names if _what(name) == what], runs) for what in whats]
    notes = remarks(runs, METRICS)
    if len(panels) > MOST_METRICS:
        notes.append(f"Of {len(panels)} metrics the first {MOST_METRICS} are drawn.")
    notes += [note for run in runs for note in _broken(run, len(runs) > 1)]
    marks = "Colour and symbol tell the run" if len(runs) > 1 else "The line"
    tell = ", the line the data" if len(runs) > 1 else " tells the data"
    return Section(
        title="Curves",
        caption=f"How well the model did as training went on. {marks}{tell}: solid for train, dashed for "
        "val, dotted for test.",
        said=[_said(run, len(runs) > 1) for run in runs if run.history.told],
        panels=panels[:MOST_METRICS],
        tables=[_table(run, names, len(runs) > 1) for run in runs if run.metrics],
        notes=notes,
    )


def _panel(what: str, names: list[str], runs: Sequence[Run]) -> Panel:
    found = [(run, name, run.metrics[name]) for run in runs for name in names if name in run.metrics]
    lines = [_line(run, name, curve, len(runs) > 1) for run, name, curve in found]
    across = step_axis(max(run.last_step for run in runs))
    metric = Metric.of(names[0])
    title, unit = (what, what) if metric is None else (metric.quantity.title, metric.quantity.unit)
    is_share = metric is not None and metric.quantity.scale == "share"
    up = share_axis(unit) if is_share else Axis(title=unit)
    marks = [mark for run in runs for mark in run.history.marks]
    linear = Plot(title=title, across=across, up=up, lines=lines, marks=marks)
    logarithmic = replace(linear, up=log_axis(unit, [curve.values for _, _, curve in found]))
    return Panel(title, [view("linear axis", 270, linear), view("logarithmic axis", 270, logarithmic)])


def _said(run: Run, several: bool) -> str:
    """What the upright line stands for."""
    whose = f"{run.name}: look" if several else "Look"
    return f"{whose} at the upright line: {run.history.told}."


def _line(run: Run, name: str, curve: Curve, several: bool) -> Line:
    stage = _stage(name)
    label = f"{run.name}, {stage}" if several and stage else run.name if several else stage or name
    dash = {"train": "solid", "val": "dash", "test": "dot"}.get(stage, DASHES[0])
    look = replace(of_run(run.index if several else max(_place(name), 0)), dash=dash)
    return Line(name=label, x=curve.steps, y=curve.values, look=look, run=run.index)


def _table(run: Run, names: Sequence[str], several: bool) -> Table:
    known = [name for name in names if name in run.metrics]
    steps = np.unique(np.concatenate([run.metrics[name].steps for name in known])) if known else np.array([])
    chosen = [float(steps[index]) for index in evenly(len(steps), MOST_ROWS)] if len(steps) else []
    rows = [(f"{step:,.0f}", *(_at(run.metrics[name], step) for name in known)) for step in chosen]
    title = f"{run.name}: metrics by step" if several else "Metrics by step"
    return Table(title, ("step", *known), tuple(rows))


def _at(curve: Curve, step: float) -> str:
    where = np.flatnonzero(curve.steps == step)
    return number(float(curve.values[where[0]])) if where.size else ""


def _broken(run: Run, several: bool) -> list[str]:
    """Which results were NaN or infinite, and from when."""
    notes = []
    for name in filter(is_result, run.metrics):
        curve = run.metrics[name]
        bad = np.flatnonzero(~np.isfinite(curve.values))
        if bad.size:
            whose = f"{run.name}: " if several else ""
            notes.append(
                f"{whose}{name} was NaN or infinite {bad.size}× of {len(curve.values)}, first at step "
                f"{curve.steps[bad[0]]:,.0f}; there the curve has a gap."
            )
    return notes


def _stage(name: str) -> str:
    first = name.partition("/")[0]
    return first if first in STAGES else ""


def _what(name: str) -> str:
    return name.partition("/")[2] if _stage(name) else name


def _place(name: str) -> int:
    return STAGES.index(_stage(name)) if _stage(name) else -1
