"""How much gradient each layer gets, over training."""

from collections.abc import Sequence
from dataclasses import replace

from zoo.pictures.by_layer import by_layer
from zoo.pictures.captions import headline
from zoo.pictures.description import Plot, step_axis
from zoo.pictures.wording import number
from zoo.report.figure import Panel, Section, Table, evenly
from zoo.report.plotly_view import view
from zoo.report.run import Run, remarks
from zoo.runs.gradient_records import JOURNAL
from zoo.runs.timeline import Timeline


def layers(runs: Sequence[Run]) -> Section:
    """The section of gradients by layer, a panel for each run, on the same axes."""
    known = [(run, run.timeline) for run in runs if run.timeline is not None]
    across, beside = step_axis(max(run.last_step for run in runs)), [glance for _, glance in known]
    several = len(runs) > 1
    panels = [
        Panel(run.name, [view("", 360, _marked(run, by_layer(glance, beside, across, run.index)))], run.index)
        for run, glance in known
    ]
    return Section(
        title="Gradient by layer",
        caption="The root mean square of each layer's gradient before clipping. Lines that lie apart are "
        "layers that learn at different speeds; a first layer far below the last is a vanishing gradient, "
        "and a cross at the top edge is a step with NaN or infinity.",
        said=[f"{f'{run.name}: ' if several else ''}{headline(glance)}." for run, glance in known],
        panels=panels,
        tables=[_table(run, glance, several) for run, glance in known],
        notes=remarks(runs, JOURNAL),
    )


def _marked(run: Run, plot: Plot) -> Plot:
    return replace(plot, marks=run.history.turned)


def _table(run: Run, glance: Timeline, several: bool) -> Table:
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
