"""How layers and gates fared: what the callbacks logged of states, gates, weights and updates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from zoo.diagnostics.quantities import Metric, Quantity, Scale
from zoo.pictures.by_layer import positive
from zoo.pictures.description import Axis, Line, Plot, linear_axis, log_axis, share_axis, step_axis
from zoo.pictures.looks import Look, of_layers
from zoo.pictures.wording import number
from zoo.report.curves import WATCHED
from zoo.report.figure import Panel, Section, Table, View, evenly
from zoo.report.plotly_view import SOME_POINTS, view
from zoo.report.run import Run

MOST_VIEWS = 40


@final
@dataclass(frozen=True, kw_only=True)
class Shown:
    """How a metric is shown.

    Attributes:
        where: "layer 1 forward".
        gate: "f", or "" where it is of no gate.
        title: What the reader chooses it by.
        unit: What the vertical axis is called.
        scale: Logarithmic ("log"), from 0 to 1 ("share"), or as it comes ("").
    """

    where: str
    gate: str
    title: str
    unit: str
    scale: Scale


def health(runs: Sequence[Run]) -> Section | None:
    """The section of health, a panel for each run, on the same axes; None where nothing was logged of it."""
    choices = _choices(runs)
    if not choices:
        return None
    known = [run for run in runs if any(_watched(name) for name in run.metrics)]
    panels = [
        Panel(run.name, [_view(title, names, run, known) for title, names in choices.items()], run.index)
        for run in known
    ]
    return Section(
        title="Health of layers and gates",
        caption="Choose what to see. A saturated gate has stopped learning, a dead unit never speaks, a "
        "spectral radius above 1 lets states grow, and an update of about a thousandth of its weight per "
        "step is usual.",
        panels=panels,
        tables=[_table(run, len(runs) > 1) for run in known],
    )


def _watched(name: str) -> bool:
    # Of the gradient there are sections of its own.
    return WATCHED.match(name) is not None and not name.startswith("gradient/")


def _choices(runs: Sequence[Run]) -> dict[str, list[str]]:
    """Title of a view -> the metrics in it, of any run: a quantity of all layers, or of one gate of them."""
    names = sorted({name for run in runs for name in run.metrics if _watched(name)}, key=_order)
    choices: dict[str, list[str]] = {}
    for name in names:
        shown = _shown(name)
        choice = f"{shown.title}, gate {shown.gate}" if shown.gate else shown.title
        choices.setdefault(choice, []).append(name)
    return dict(list(choices.items())[:MOST_VIEWS])


def _order(name: str) -> tuple[int, str, list[int | str]]:
    metric, shown = Metric.of(name), _shown(name)
    place = len(Quantity) if metric is None else list(Quantity).index(metric.quantity)
    digits = [int(part) if part.isdigit() else 0 for part in name.replace("/", "_").split("_")]
    return place, f"{shown.title} {shown.gate}", [*digits, name]


def _shown(name: str) -> Shown:
    """Of `layer_1/forward/f/saturated`: "layer 1 forward", "f", and what the table says of saturation."""
    metric = Metric.of(name)
    place, _, last = name.rpartition("/") if metric is None else (metric.place, "", "")
    layer, *middle = place.split("/")
    direction = next((part for part in middle if part in ("forward", "backward")), "")
    where = f"{layer.replace('_', ' ')} {direction}".strip()
    gate = " ".join(part for part in middle if part != direction)
    if metric is None:
        spoken = last.replace("_", " ")
        return Shown(where=where, gate=gate, title=spoken, unit=spoken, scale="")
    found = metric.quantity
    whose = f", optimizer {metric.optimizer}" if metric.optimizer else ""
    return Shown(where=where, gate=gate, title=found.title + whose, unit=found.unit, scale=found.scale)


def _view(title: str, names: Sequence[str], run: Run, runs: Sequence[Run]) -> View:
    values = [other.metrics[name].values for other in runs for name in names if name in other.metrics]
    across, up = step_axis(max(other.last_step for other in runs)), _axis(_shown(names[0]), values)
    looks = of_layers(list(dict.fromkeys(map(_layer, names))))
    lines = [_line(name, looks[_layer(name)], run) for name in names if name in run.metrics]
    return view(title, 340, Plot(title=title, across=across, up=up, lines=lines), most=SOME_POINTS)


def _line(name: str, look: Look, run: Run) -> Line:
    shown, curve = _shown(name), run.metrics[name]
    values = positive(curve.values) if shown.scale == "log" else curve.values
    direction = shown.where.rpartition(" ")[2]
    return Line(name=shown.where, x=curve.steps, y=values, look=look.of(direction), run=run.index)


def _layer(name: str) -> str:
    return name.partition("/")[0].replace("_", " ")


def _axis(shown: Shown, values: Sequence[np.ndarray]) -> Axis:
    if shown.scale == "log":
        return log_axis(shown.unit, values)
    return share_axis(shown.unit) if shown.scale == "share" else linear_axis(shown.unit, values)


def _table(run: Run, several: bool) -> Table:
    names = sorted((name for name in run.metrics if _watched(name)), key=_order)
    rows = []
    for name in (names[index] for index in evenly(len(names), 120)):
        shown, curve = _shown(name), run.metrics[name]
        ends = (number(float(curve.values[0])), number(float(curve.values[-1])))
        rows.append((f"{shown.where} {shown.gate}".strip(), shown.title, *ends))
    head = ("where", "what", "first", "last")
    title = "First and last values"
    return Table(f"{run.name}: {title}" if several else title, head, tuple(rows))
