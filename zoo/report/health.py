"""How layers and gates fared: what the callbacks logged of states, gates, weights and updates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from zoo.report.curves import WATCHED
from zoo.report.figure import (
    SOME_POINTS,
    Layout,
    Panel,
    Section,
    Table,
    Trace,
    View,
    evenly,
    line,
    log_axis,
    over_steps,
)
from zoo.report.palette import of_layers
from zoo.report.run import Run
from zoo.report.text import number


@final
@dataclass(frozen=True)
class Quantity:
    """Something that is measured of a layer or a gate.

    Attributes:
        title: What the reader chooses it by.
        axis: What the vertical axis is called.
        scale: Logarithmic ("log"), from 0 to 1 ("share"), or as it comes ("").
    """

    title: str
    axis: str
    scale: str = ""


QUANTITIES = {
    "state_norm": Quantity("norm of the state", "‖h‖", "log"),
    "saturated": Quantity("saturated activations", "share of activations", "share"),
    "dead_units": Quantity("dead units", "share of units", "share"),
    "mean": Quantity("mean of the gate", "mean"),
    "horizon": Quantity("horizon of the gate", "steps", "log"),
    "update_ratio": Quantity("update ÷ weight", "‖Δw‖ / ‖w‖", "log"),
    "gradient_reach": Quantity("how far back the gradient reaches", "steps", "log"),
    "spectral_radius": Quantity("spectral radius of the recurrent weight", "largest |eigenvalue|"),
    "largest_singular_value": Quantity("largest singular value of the recurrent weight", "singular value"),
}
BEYOND = "gradient_beyond_"
MOST_VIEWS = 40


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


def _quantity(what: str) -> Quantity:
    if what.startswith(BEYOND):
        return Quantity(f"gradient from more than {what.removeprefix(BEYOND)} steps back", "share", "share")
    spoken = what.replace("_", " ")
    return QUANTITIES.get(what, Quantity(spoken, spoken))


def _choices(runs: Sequence[Run]) -> dict[str, list[str]]:
    """Title of a view -> the metrics in it, of any run: a quantity of all layers, or of one gate of them."""
    names = sorted({name for run in runs for name in run.metrics if _watched(name)}, key=_order)
    choices: dict[str, list[str]] = {}
    for name in names:
        _, gate, what = _parts(name)
        title = _quantity(what).title
        choices.setdefault(f"{title}, gate {gate}" if gate else title, []).append(name)
    return dict(list(choices.items())[:MOST_VIEWS])


def _order(name: str) -> tuple[int, str, list[int | str]]:
    _, gate, what = _parts(name)
    known = list(QUANTITIES)
    place = known.index(what) if what in known else len(known)
    digits = [int(part) if part.isdigit() else 0 for part in name.replace("/", "_").split("_")]
    return place, f"{what} {gate}", [*digits, name]


def _parts(name: str) -> tuple[str, str, str]:
    """Where, gate, what: "layer 1 forward", "f", "saturated" of `layer_1/forward/f/saturated`."""
    layer, *middle, what = name.split("/")
    direction = next((part for part in middle if part in ("forward", "backward")), "")
    gate = " ".join(part for part in middle if part != direction)
    return f"{layer.replace('_', ' ')} {direction}".strip(), gate, what


def _view(title: str, names: Sequence[str], run: Run, runs: Sequence[Run]) -> View:
    quantity = _quantity(_parts(names[0])[2])
    values = [other.metrics[name].values for other in runs for name in names if name in other.metrics]
    layout = over_steps(340, max(other.last_step for other in runs), {"yaxis": _axis(quantity, values)})
    return View(title, [_trace(name, names, run, quantity) for name in names if name in run.metrics], layout)


def _trace(name: str, names: Sequence[str], run: Run, quantity: Quantity) -> Trace:
    place = _parts(name)[0]
    looks = of_layers(list(dict.fromkeys(_layer(other) for other in names)))
    dash = {"dash": "dash"} if place.endswith(" backward") else {}
    curve = run.metrics[name]
    values = np.where(curve.values > 0, curve.values, np.nan) if quantity.scale == "log" else curve.values
    style = looks[_layer(name)] | dash | {"run": run.index}
    return line(curve.steps, values, place, style, most=SOME_POINTS)


def _layer(name: str) -> str:
    return name.partition("/")[0].replace("_", " ")


def _axis(quantity: Quantity, values: Sequence[np.ndarray]) -> Layout:
    if quantity.scale == "log":
        return log_axis(values, quantity.axis)
    axis: Layout = {"title": {"text": quantity.axis}}
    if quantity.scale == "share":
        return axis | {"range": [-0.03, 1.03], "tickformat": ".0%"}
    seen = np.concatenate(values)
    seen = seen[np.isfinite(seen)]
    if seen.size:
        room = max(0.06 * float(np.ptp(seen)), 0.02 * float(np.abs(seen).max()), 1e-9)
        axis["range"] = [float(f"{seen.min() - room:.5g}"), float(f"{seen.max() + room:.5g}")]
    return axis


def _table(run: Run, several: bool) -> Table:
    names = sorted((name for name in run.metrics if _watched(name)), key=_order)
    rows = []
    for name in (names[index] for index in evenly(len(names), 120)):
        place, gate, what = _parts(name)
        curve = run.metrics[name]
        ends = (number(float(curve.values[0])), number(float(curve.values[-1])))
        rows.append((f"{place} {gate}".strip(), _quantity(what).title, *ends))
    head = ("where", "what", "first", "last")
    title = "First and last values"
    return Table(f"{run.name}: {title}" if several else title, head, tuple(rows))
