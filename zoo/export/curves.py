"""The picture of losses and metrics that stands in a model card."""

import io
from collections.abc import Mapping
from dataclasses import replace

from zoo.pictures.canvas import paint
from zoo.pictures.description import Line, PanelRow, Picture, Plot, linear_axis, step_axis
from zoo.pictures.looks import of_run
from zoo.runs.metrics_file import Curve

CURVES = "curves.png"
DASHES = {"train": "solid", "val": "dash"}
MOST = 3
"""Rows of the picture: the loss and two metrics."""


def curves_picture(curves: Mapping[str, Curve], title: str) -> bytes | None:
    """A PNG with the loss and some metrics in training and validation; None where nothing was logged.

    Args:
        curves: By name: `train/loss`, `val/accuracy`.
        title: What stands above it.
    """
    stages = {name: curve for name, curve in curves.items() if name.partition("/")[0] in DASHES}
    whats = sorted({name.partition("/")[2] for name in stages}, key=lambda what: (what != "loss", what))
    rows = [_row(what, stages) for what in whats[:MOST]]
    if not rows:
        return None
    picture = Picture(title=title, subtitle="solid: training, dashed: validation", rows=rows)
    file = io.BytesIO()
    paint(picture).savefig(file, format="png")
    return file.getvalue()


def _row(what: str, stages: Mapping[str, Curve]) -> PanelRow:
    """One metric in both stages."""
    found = {stage: stages[f"{stage}/{what}"] for stage in DASHES if f"{stage}/{what}" in stages}
    lines = [_line(stage, curve) for stage, curve in found.items()]
    last = max(float(curve.steps[-1]) for curve in stages.values())
    up = linear_axis(what, [curve.values for curve in found.values()])
    plot = Plot(title=what, across=step_axis(last), up=up, lines=lines)
    return PanelRow(title=what, height=1.6, plots=[plot], named=True)


def _line(stage: str, curve: Curve) -> Line:
    """A stage has the same colour in every row."""
    look = replace(of_run(list(DASHES).index(stage)), dash=DASHES[stage], symbol="")
    return Line(name=stage, x=curve.steps, y=curve.values, look=look)
