"""What clipping did to the gradient."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from zoo.diagnostics.quantities import Metric, Quantity
from zoo.pictures.by_layer import before_and_after
from zoo.pictures.description import Axis, Line, Plot, log_axis, share_axis, step_axis
from zoo.pictures.looks import RUNS, RUNS_DARK, Look
from zoo.pictures.wording import number
from zoo.report.figure import MOST_ROWS, Panel, Section, Table, View, evenly
from zoo.report.plotly_view import view
from zoo.report.run import Run
from zoo.runs.gradient_records import JOURNAL
from zoo.runs.metrics_file import METRICS, Curve

NOTHING = Curve(np.zeros(0), np.zeros(0))
SHARE = Look(colour=RUNS[1], dark=RUNS_DARK[1], dash="dash")


@final
@dataclass(frozen=True)
class Clipping:
    """The gradient's norm before and after clipping, and the share of steps in which they differ."""

    run: Run
    before: Curve
    after: Curve
    share: Curve


def clipping(runs: Sequence[Run]) -> Section:
    """The section of clipping, a panel for each run and optimiser, on the same axes."""
    found = [(name, one) for run in runs for name, one in _clippings(run, len(runs) > 1).items()]
    up = log_axis("norm", [curve.values for _, one in found for curve in (one.before, one.after)])
    across = step_axis(max(run.last_step for run in runs))
    return Section(
        title="Clipping",
        caption="The norm of the whole gradient before clipping (dotted) and after it (solid); where they "
        "part, clipping acted. Below, the share of steps that were clipped. Clipping now and then is a "
        "safety net; clipping always is a smaller learning rate.",
        panels=[Panel(name, [_view(one, up, across)], one.run.index) for name, one in found],
        tables=[_table(name, one) for name, one in found],
        notes=_missing(runs, [one.run for _, one in found]),
    )


def clipped(run: Run) -> tuple[float, float] | None:
    """The share of the logged steps that were clipped, and the largest norm before; None if nothing tells."""
    found = list(_clippings(run, several=False).values())
    shares = np.concatenate([one.share.values for one in found]) if found else np.zeros(0)
    norms = np.concatenate([one.before.values for one in found]) if found else np.zeros(0)
    if not shares.size or not np.isfinite(norms).any():
        return None
    return float(np.nanmean(shares)), float(norms[np.isfinite(norms)].max())


def _clippings(run: Run, several: bool) -> dict[str, Clipping]:
    """By the names of their panels: from the metrics, or else from the histograms."""
    found = {}
    for name, before in run.metrics.items():
        metric = Metric.of(name)
        if metric is not None and metric.quantity is Quantity.NORM_BEFORE:
            index = int(metric.optimizer) if metric.optimizer.isdigit() else None
            whose = "" if index is None else f"optimizer {index}"
            title = ", ".join(part for part in (run.name if several or not whose else "", whose) if part)
            others = [quantity.at(optimizer=index) for quantity in (Quantity.NORM_AFTER, Quantity.CLIPPED)]
            after, share = (run.metrics.get(other, NOTHING) for other in others)
            found[title] = Clipping(run, before, after, share)
    glance = run.timeline
    if not found and glance is not None:
        steps = glance.steps.astype(float)
        share = Curve(steps, glance.clipped.astype(float))
        found[run.name] = Clipping(run, Curve(steps, glance.before), Curve(steps, glance.after), share)
    return found


def _view(one: Clipping, up: Axis, across: Axis) -> View:
    """The norms, and below them the share of steps that were clipped."""
    index, broken = one.run.index, one.before.steps[~np.isfinite(one.before.values)].tolist()
    lines = before_and_after(one.before, one.after, index)
    share = Line(name="share clipped", x=one.share.steps, y=one.share.values, look=SHARE, run=index)
    norms = Plot(title="", across=across, up=up, lines=lines, broken=broken, run=index)
    return view("", 360, norms, Plot(title="", across=across, up=share_axis("", parts=2), lines=[share]))


def _table(name: str, one: Clipping) -> Table:
    rows = [
        (
            f"{one.before.steps[index]:,.0f}",
            *(_at(curve, one.before.steps[index]) for curve in (one.before, one.after, one.share)),
        )
        for index in evenly(len(one.before.steps), MOST_ROWS)
    ]
    return Table(
        f"{name}: norms by step", ("step", "norm before", "norm after", "share clipped"), tuple(rows)
    )


def _at(curve: Curve, step: float) -> str:
    where = np.flatnonzero(curve.steps == step)
    if not where.size:
        return ""
    value = float(curve.values[where[0]])
    return number(value) if np.isfinite(value) else "not finite"


def _missing(runs: Sequence[Run], found: Sequence[Run]) -> list[str]:
    lost = [run for run in runs if run not in found]
    why = f"neither {METRICS} nor {JOURNAL} tells the norm of the gradient, so clipping is left out."
    return [f"{run.name}: {why}" if len(runs) > 1 else f"N{why[1:]}" for run in lost]
