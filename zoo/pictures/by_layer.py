"""What pictures of gradients by layer show: lines, a map, and what clipping did."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from zoo.pictures.captions import captioned, headline, subtitle
from zoo.pictures.description import (
    MAP_DECADES,
    Axis,
    HeatMap,
    Line,
    PanelRow,
    Picture,
    Plot,
    column_axis,
    extent,
    log_axis,
)
from zoo.pictures.looks import AFTER, BEFORE, of_layers
from zoo.pictures.wording import shorten
from zoo.runs.gradient_records import GradientRecord
from zoo.runs.metrics_file import Curve
from zoo.runs.timeline import Timeline, timeline

MOST_ROWS = 24
"""Rows of the map up to which each is named."""


def by_layer(run: Timeline, beside: Sequence[Timeline], across: Axis, index: int = 0) -> Plot:
    """The gradient of each layer over training.

    Args:
        run: Whose.
        beside: Those that share its vertical axis, itself among them.
        across: Of the steps.
        index: Of the run, where a page has several.
    """
    looks = of_layers(run.layers)
    return Plot(
        title="Gradient by layer: root mean square of ∂loss/∂weight, before clipping",
        across=across,
        up=log_axis("RMS of ∂loss/∂weight", [one.rms for one in beside]),
        lines=[
            Line(name=layer, x=run.steps, y=positive(row), look=looks[layer], run=index)
            for layer, row in zip(run.layers, run.rms, strict=True)
        ],
        broken=broken_steps(run),
        run=index,
    )


def gradients_picture(
    records: Iterable[GradientRecord], turned: Sequence[float] = (), told: str = ""
) -> Picture:
    """Gradient magnitude by layer over training: lines, a map, and what clipping did.

    Args:
        records: Of one run, as `read_gradients` yields them.
        turned: Steps to mark, where the run went wrong.
        told: What they mark, in a clause.

    Raises:
        ValueError: there is no record.
    """
    run = timeline(records)
    if len(run.steps) == 0:
        raise ValueError("no gradient record to draw; expected at least one")
    across = column_axis(run.steps)
    lines, took = by_layer(run, [run], across), ", and what clipping took away"
    map_title, norm_title = "The same as a map, input side at the bottom", "Norm of the whole gradient"
    norm_title += took if run.clipped.any() else "; nothing was clipped"
    map_height = min(max(0.19 * len(run.layers), 0.8), 4.2)
    rows = [
        PanelRow(title=lines.title, height=3.0, plots=[replace(lines, broken=())], named=True),
        PanelRow(title=map_title, height=map_height, plots=[_map(run, across)]),
        PanelRow(title=norm_title, height=1.3, plots=[_norms(run, across)], named=True),
    ]
    marked = [replace(row, plots=[replace(plot, marks=turned) for plot in row.plots]) for row in rows]
    title, second = captioned(headline(run), subtitle(run), turned, told)
    return Picture(title=title, subtitle=second, rows=marked)


def _map(run: Timeline, across: Axis) -> Plot:
    """A row for each layer."""
    stride = -(-len(run.layers) // MOST_ROWS)
    names = tuple((float(row), shorten(run.layers[row], 13)) for row in range(0, len(run.layers), stride))
    sizes, ends = np.where(run.nonfinite, np.inf, run.rms), extent([run.rms], MAP_DECADES)
    return Plot(
        title="",
        across=across,
        up=Axis(title="", ends=(-0.5, len(run.layers) - 0.5), ticks=names),
        map=HeatMap(title="RMS", values=sizes, steps=run.steps, ends=ends),
    )


def _norms(run: Timeline, across: Axis) -> Plot:
    """The norm of the whole gradient, before and after clipping where it was clipped."""
    steps = run.steps.astype(float)
    lines = before_and_after(Curve(steps, run.before), Curve(steps, run.after))
    clipped, up = bool(run.clipped.any()), log_axis("norm", [run.before, run.after], most=4)
    if not clipped:
        lines = [replace(lines[0], name="norm", look=AFTER)]
    broken = broken_steps(run)
    return Plot(title="", across=across, up=up, lines=lines, broken=broken, filled=clipped)


def before_and_after(before: Curve, after: Curve, index: int = 0) -> list[Line]:
    """The lines of a norm before and after clipping, of the run with this index."""
    pairs = (("before", before, BEFORE), ("after", after, AFTER))
    return [
        Line(name=name, x=curve.steps, y=positive(curve.values), look=look, run=index)
        for name, curve, look in pairs
    ]


def broken_steps(run: Timeline) -> list[float]:
    """The steps in which any gradient was NaN or infinite."""
    return [float(step) for step in run.steps[run.nonfinite.any(axis=0)]]


def positive(values: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Values with a gap where a logarithmic axis has no place for them."""
    return np.where(values > 0, values, np.nan)
