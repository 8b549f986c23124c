"""What a run gets wrong, as `zoo evaluate` has found it."""

from collections.abc import Sequence

import numpy as np

from zoo.pictures.description import Line, Plot, linear_axis
from zoo.pictures.looks import GREY, GREY_DARK, RUNS, RUNS_DARK, Look
from zoo.pictures.wording import number
from zoo.report.figure import MOST_ROWS, Panel, Section, Table, View, evenly
from zoo.report.plotly_view import view
from zoo.report.run import Run, remarks
from zoo.runs.evaluation import EVALUATION, Drawing

LOOKS = {
    "past": Look(colour=GREY, dark=GREY_DARK),
    "truth": Look(colour=RUNS[2], dark=RUNS_DARK[2]),
    "forecast": Look(colour=RUNS[1], dark=RUNS_DARK[1], dash="dash"),
    "lower": Look(colour=RUNS[1], dark=RUNS_DARK[1], dash="dot"),
    "upper": Look(colour=RUNS[1], dark=RUNS_DARK[1], dash="dot"),
    "answers": Look(colour=RUNS[0], dark=RUNS_DARK[0], dash="none", symbol="circle"),
    "as it is": Look(colour=GREY, dark=GREY_DARK, dash="dash"),
}
"""Lines by name; others look like the forecast."""
CLASSES = ": F1 is high only where what is said is right and what is right is said"


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
    classes = any("F1" in table.head for table in tables)
    return Section(
        title="What it gets wrong",
        caption=f"On test data, as `zoo evaluate` measured it{CLASSES if classes else ''}. The worst are "
        "worth reading: the truth that they are held against may be wrong.",
        tables=tables,
        notes=notes,
    )


def drawings(runs: Sequence[Run]) -> Section | None:
    """The section of what was said, drawn over what is true; None where nothing is drawn."""
    found = [run for run in runs if run.evaluation.drawings]
    if not found:
        return None
    return Section(
        title="Drawn over the truth",
        caption="Single forecasts, or all numbers that were predicted: the nearer to the truth, the better.",
        panels=[
            Panel(run.name, [_view(drawing, run) for drawing in run.evaluation.drawings], run.index)
            for run in found
        ],
        tables=[_table(drawing, run, len(runs) > 1) for run in found for drawing in run.evaluation.drawings],
    )


def _table(drawing: Drawing, run: Run, several: bool) -> Table:
    """Some points of each line."""
    rows = [
        (curve.name, number(curve.x[k]), number(curve.y[k]))
        for curve in drawing.curves
        for k in (evenly(len(curve.x), MOST_ROWS) if curve.x else ())
    ]
    title = f"{run.name}: {drawing.title}" if several else drawing.title
    return Table(title, ("line", drawing.across, drawing.unit), tuple(rows))


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
    across = linear_axis(drawing.across, [line.x for line in lines])
    up = linear_axis(drawing.unit, [line.y for line in lines])
    return view(drawing.title, 340, Plot(title=drawing.title, across=across, up=up, lines=lines))
