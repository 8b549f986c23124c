"""What a run gets wrong, as `zoo evaluate` has found it."""

from collections.abc import Sequence

import numpy as np

from zoo.pictures.description import Line, Plot, linear_axis
from zoo.pictures.looks import GREY, GREY_DARK, RUNS, RUNS_DARK, Look
from zoo.report.figure import Panel, Section, Table, View
from zoo.report.plotly_view import view
from zoo.report.run import Run, remarks
from zoo.runs.evaluation import EVALUATION, Drawing

LOOKS = {
    "past": Look(colour=GREY, dark=GREY_DARK),
    "truth": Look(colour=RUNS[2], dark=RUNS_DARK[2]),
    "forecast": Look(colour=RUNS[1], dark=RUNS_DARK[1], dash="dash"),
    "lower": Look(colour=RUNS[1], dark=RUNS_DARK[1], dash="dot"),
    "upper": Look(colour=RUNS[1], dark=RUNS_DARK[1], dash="dot"),
}
"""Lines by name; others look like the forecast."""


def evaluation(runs: Sequence[Run]) -> Section | None:
    """The section of what was got wrong; None where nobody has evaluated."""
    found = [run for run in runs if run.evaluation.sheets]
    notes = remarks(runs, EVALUATION)
    if not found and not notes:
        return None
    several = len(runs) > 1
    tables = [
        Table(
            f"{run.name}: {sheet.title}" if several else sheet.title,
            tuple(sheet.head),
            tuple(tuple(row) for row in sheet.rows),
        )
        for run in found
        for sheet in run.evaluation.sheets
    ]
    panels = [
        Panel(run.name, [_view(drawing, run) for drawing in run.evaluation.drawings], run.index)
        for run in found
        if run.evaluation.drawings
    ]
    return Section(
        title="What it gets wrong",
        caption="On test data, as `zoo evaluate` measured it: F1 is high only where what is said is right "
        "and what is right is said. The worst are worth reading: they may be labelled wrongly.",
        panels=panels,
        tables=tables,
        notes=notes,
    )


def _view(drawing: Drawing, run: Run) -> View:
    lines = [
        Line(
            name=curve.name,
            x=np.array(curve.x),
            y=np.array(curve.y),
            look=LOOKS.get(curve.name, LOOKS["forecast"]),
            run=run.index,
        )
        for curve in drawing.curves
    ]
    across = linear_axis("steps from now", [line.x for line in lines])
    up = linear_axis(drawing.unit, [line.y for line in lines])
    return view(drawing.title, 340, Plot(title=drawing.title, across=across, up=up, lines=lines))
