"""How much gradient each layer gets, over training."""

from collections.abc import Sequence

import numpy as np

from zoo.pictures.captions import headline
from zoo.report.figure import Panel, Section, Table, Trace, View, evenly, line, log_axis, over_steps
from zoo.report.palette import ALARM, of_layers
from zoo.report.run import Run, remarks
from zoo.report.text import number
from zoo.runs.gradient_records import JOURNAL


def layers(runs: Sequence[Run]) -> Section:
    """The section of gradients by layer, a panel for each run, on the same axes."""
    known = [run for run in runs if run.timeline is not None]
    heights = log_axis(
        [run.timeline.rms for run in known if run.timeline is not None], "RMS of ∂loss/∂weight"
    )
    layout = over_steps(360, max(run.last_step for run in runs), {"yaxis": heights})
    return Section(
        title="Gradient by layer",
        caption="The root mean square of each layer's gradient before clipping. Lines that lie apart are "
        "layers that learn at different speeds; a first layer far below the last is a vanishing gradient, "
        "and a cross at the top edge is a step with NaN or infinity.",
        said=[_said(run, len(runs) > 1) for run in known],
        panels=[Panel(run.name, [View("", _traces(run, heights), layout)], run.index) for run in known],
        tables=[_table(run, len(runs) > 1) for run in known],
        notes=remarks(runs, JOURNAL),
    )


def _said(run: Run, several: bool) -> str:
    assert run.timeline is not None
    return f"{run.name}: {headline(run.timeline)}." if several else f"{headline(run.timeline)}."


def _traces(run: Run, heights: dict[str, object]) -> list[Trace]:
    glance = run.timeline
    assert glance is not None
    looks = of_layers(glance.layers)
    traces = [
        line(glance.steps, np.where(row > 0, row, np.nan), layer, looks[layer] | {"run": run.index})
        for layer, row in zip(glance.layers, glance.rms, strict=True)
    ]
    broken = glance.steps[glance.nonfinite.any(axis=0)]
    if len(broken):
        at = heights.get("range", [0, 0])
        assert isinstance(at, list)
        traces.append(crosses(broken, np.full(len(broken), 10 ** float(at[1])), run.index))
    return traces


def crosses(x: np.ndarray, y: np.ndarray, run: int) -> Trace:
    """Marks where numbers were not finite."""
    kept = evenly(len(x), 200)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "NaN or infinity",
        "x": [int(x[index]) for index in kept],
        "y": [float(f"{y[index]:.4g}") for index in kept],
        "cliponaxis": False,
        "marker": {"symbol": "x", "size": 8, "color": ALARM},
        "meta": {"run": run, "dark": "#FF6B6B"},
    }


def _table(run: Run, several: bool) -> Table:
    glance = run.timeline
    assert glance is not None
    chosen = evenly(len(glance.steps), 8)
    head = ("layer", *(f"step {glance.steps[index]:,}" for index in chosen))
    rows = [
        (
            layer,
            *(_cell(float(glance.rms[row, index]), bool(glance.nonfinite[row, index])) for index in chosen),
        )
        for row, layer in enumerate(glance.layers)
    ]
    title = "RMS of the gradient by layer and step"
    return Table(f"{run.name}: {title}" if several else title, head, tuple(rows))


def _cell(value: float, nonfinite: bool) -> str:
    return "not finite" if nonfinite else number(value)
