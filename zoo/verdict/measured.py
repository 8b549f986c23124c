"""What the files in a run's folder hold for a verdict, of a run that has ended, however it ended."""

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import yaml
from jaxtyping import Float

from zoo.diagnostics.lag_record import Curves
from zoo.diagnostics.quantities import Metric, Quantity
from zoo.runs.events import EVENTS, read_events
from zoo.runs.gradient_records import journal_in, read_gradients
from zoo.runs.lag_records import in_order, lags_in, read_lags
from zoo.runs.metrics_file import METRICS, Curve, epochs_in, read_metrics
from zoo.runs.timeline import Timeline, timeline
from zoo.verdict.history import History
from zoo.verdict.measurements import Gate, Measurements, Network, Nonfinite, mean_by_lag

MOST_RECORDS = 500
"""Records of gradients through time that a mean is taken over."""
LOSS, VALIDATION = "train/loss", "val/"

Logged: TypeAlias = Mapping[Metric, list[float]]
"""The finite values over a run of each metric that is in the table of quantities."""


def measurements_of(folder: Path) -> Measurements:
    """What was measured in a run; what its files do not hold is empty.

    Values over time are medians, so that neither the first steps nor a single bad one speak for the run.

    Args:
        folder: `runs/NAME/version_K`.
    """
    known = _curves(folder / METRICS)
    curves = {name: _finite(curve.values) for name, curve in known.items()}
    logged = {metric: values for name, values in curves.items() if (metric := Metric.of(name)) is not None}
    medians = {metric: float(np.median(values)) for metric, values in logged.items() if values}
    run = _timeline(journal_in(folder))
    lags = lags_in(folder)
    records = in_order(read_lags(lags), MOST_RECORDS) if lags.is_file() else []
    events = list(read_events(folder / EVENTS)) if (folder / EVENTS).is_file() else []
    history = History.of(known, epochs_in(folder / METRICS), run, events)
    updates = _by_place(medians, Quantity.UPDATE_RATIO)
    clipped = _of_run(logged, Quantity.CLIPPED)
    return Measurements(
        layers={} if run is None else _layers(run, slice(None)),
        early={} if run is None else _layers(run, slice(max(len(run.steps) // 10, 1))),
        gradients=_by_lag(record.state for record in records),
        errors=_by_lag(record.error for record in records),
        weights=_by_lag(record.weight for record in records),
        rests=_means(record.rest for record in records),
        horizons=_by_place(medians, Quantity.HORIZON),
        gates=_gates(_before(known, history.floor)),
        dead=_by_place(medians, Quantity.DEAD_UNITS),
        updates={place: value for place, value in updates.items() if "/" not in place},
        norms=_norms(run, logged),
        clipped=float(np.mean(clipped)) if clipped else None,
        nonfinite=_nonfinite(logged, sum(event.kind == "nonfinite" for event in events)),
        measured=_measured(run, logged),
        losses=_losses(known),
        validated={
            name.removeprefix(VALIDATION): values
            for name, values in curves.items()
            if name.startswith(VALIDATION)
        },
        events=[event.text for event in events],
        fall=_fall(curves),
        history=history,
        network=network_of(folder / "config.yaml"),
    )


def history_of(folder: Path) -> History:
    """When what happened in a run, by its files."""
    events = list(read_events(folder / EVENTS)) if (folder / EVENTS).is_file() else []
    metrics = folder / METRICS
    return History.of(_curves(metrics), epochs_in(metrics), _timeline(journal_in(folder)), events)


def network_of(config: Path) -> Network:
    """What a recipe's file says of its network; nothing where there is no such file, or it cannot be read."""
    try:
        recipe = yaml.safe_load(config.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError):
        return Network()
    return network_in(recipe)


def network_in(recipe: Any) -> Network:
    """What a recipe says of its network; nothing where it is no recipe of the zoo's."""
    try:
        arguments, trainer = recipe["model"]["init_args"], recipe["trainer"]
        network = Network.of(arguments["network"])
        optimizer = arguments.get("optimizer") or {}
        parts = {
            str(part["class_path"]).rpartition(".")[2]: part.get("init_args") or {}
            for part in trainer.get("callbacks") or ()
        }
    except (KeyError, TypeError, AttributeError):
        return Network()
    clipping = parts.get("GradientClipping", {})
    limit = clipping.get("max_norm") if clipping.get("mode") in (None, "norm") else None
    limit = limit or trainer.get("gradient_clip_val") or None
    watches = clipping.get("max_norm") == math.inf
    return replace(
        network,
        clips=("GradientClipping" in parts and not watches) or bool(trainer.get("gradient_clip_val")),
        limit=None if limit == math.inf else limit,
        optimizer=optimizer.get("name", "Adam"),
        lr=optimizer.get("lr"),
    )


def _timeline(path: Path) -> Timeline | None:
    if not path.is_file():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a line that a crash cut short is no news here
        run = timeline(read_gradients(path))
    return run if len(run.steps) else None


def _curves(path: Path) -> dict[str, Curve]:
    """The metrics of a run."""
    return read_metrics(path)[0] if path.is_file() else {}


def _finite(values: Float[np.ndarray, " points"]) -> list[float]:
    return [float(value) for value in values if math.isfinite(value)]


def _before(known: Mapping[str, Curve], step: float) -> dict[Metric, float]:
    """Medians up to a step: gates of a loss that has reached its floor may be where they like."""
    early = {name: curve.values[curve.steps <= step] for name, curve in known.items()}
    return {
        metric: float(np.median(values))
        for name, found in early.items()
        if (metric := Metric.of(name)) is not None and (values := _finite(found))
    }


def _fall(curves: Mapping[str, Sequence[float]]) -> float:
    """The loss of the last tenth of what was logged of a training over that of the first."""
    losses = next((values for name, values in curves.items() if name.startswith(LOSS)), ())
    tenth = max(len(losses) // 10, 1)
    return float(np.mean(losses[-tenth:]) / np.mean(losses[:tenth])) if len(losses) > 1 else math.nan


def _losses(known: Mapping[str, Curve]) -> Nonfinite | None:
    """The logged steps of training whose loss was not finite."""
    logged = {
        int(step): float(value)
        for name, curve in known.items()
        if name.startswith(LOSS)
        for step, value in zip(curve.steps, curve.values, strict=True)
    }
    return Nonfinite.of(list(logged), [not math.isfinite(value) for value in logged.values()])


def _layers(run: Timeline, when: slice) -> dict[str, float]:
    """The median gradient of each layer over some of the records."""
    known = {layer: row[when][np.isfinite(row[when])] for layer, row in zip(run.layers, run.rms, strict=True)}
    return {layer: float(np.median(values)) for layer, values in known.items() if values.size}


def _by_lag(records: Iterable[Curves]) -> dict[str, list[float]]:
    """The mean over all records, lag by lag, of the directions' own curves."""
    curves: dict[str, list[Sequence[float]]] = {}
    for record in records:
        for way, values in record.items():
            if way.count("/") == 1:
                curves.setdefault(way, []).append(values)
    return {way: mean_by_lag(rows) for way, rows in curves.items() if any(rows)}


def _gates(medians: Mapping[Metric, float]) -> dict[str, dict[str, Gate]]:
    found: dict[str, dict[str, Gate]] = {}
    means = _by_place(medians, Quantity.MEAN)
    for gate, saturated in _by_place(medians, Quantity.SATURATED).items():
        direction, _, letter = gate.rpartition("/")
        if direction:
            found.setdefault(direction, {})[letter] = Gate(saturated, means.get(gate, math.nan))
    return found


def _by_place(medians: Mapping[Metric, float], quantity: Quantity) -> dict[str, float]:
    return {metric.place: value for metric, value in medians.items() if metric.quantity is quantity}


def _of_run(logged: Logged, quantity: Quantity) -> list[float]:
    """What was logged of the whole run: of the only optimiser, or of all of several."""
    known = (values for metric, values in logged.items() if (metric.place, metric.quantity) == ("", quantity))
    return [value for values in known for value in values]


def _means(records: Iterable[Mapping[str, float]]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for record in records:
        for way, value in record.items():
            if math.isfinite(value):
                found.setdefault(way, []).append(value)
    return {way: float(np.mean(values)) for way, values in found.items()}


def _norms(run: Timeline | None, logged: Logged) -> list[float]:
    norms = _of_run(logged, Quantity.NORM_BEFORE)
    if norms or run is None:
        return norms
    return [float(norm) for norm in run.before if math.isfinite(norm)]


def _measured(run: Timeline | None, logged: Logged) -> Nonfinite | None:
    """The measured steps whose gradient was not finite; none where a scaler was seeking its scale."""
    scaled = bool(_of_run(logged, Quantity.SCALER_SKIPPED))
    if run is None or scaled:
        return None
    return Nonfinite.of(run.steps.tolist(), np.asarray(run.nonfinite.any(axis=0)).tolist())


def _nonfinite(logged: Logged, found: int) -> int:
    """The most steps that any of those who look at every step has seen."""
    return max(found, int(max(_of_run(logged, Quantity.NONFINITE), default=0.0)))
