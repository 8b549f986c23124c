"""What is known of a run from its folder."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

import numpy as np
import yaml
from jaxtyping import Float

from zoo.diagnostics.events import EVENTS, Event
from zoo.diagnostics.records import read_gradients
from zoo.diagnostics.timeline import Timeline, timeline
from zoo.report.columns import Columns, collect
from zoo.report.figure import MOST_COLUMNS
from zoo.report.files import Curve, left_out, missing, read_lines, read_mapping, read_metrics, read_text

METRICS, GRADIENTS, LAGS = "metrics.csv", "gradients.jsonl", "through_time.jsonl"
KINDS = ("state", "weight")
Passage = dict[str, Float[np.ndarray, " lags"]]


@final
@dataclass(frozen=True)
class Lags:
    """How far the gradient of one step reached: of each layer and direction the norms by lag.

    Attributes:
        step: The optimiser step.
        state: Norm of the gradient that arrives at the state, by steps back from the last one.
        weight: Norm of the part of the recurrent weight's gradient whose error travelled so many steps.
    """

    step: int
    state: Passage
    weight: Passage

    def of(self, kind: str) -> Passage:
        """One of both, by its name in the file."""
        return self.state if kind == "state" else self.weight


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """A run, as far as its folder tells.

    Attributes:
        name: What the page calls it.
        index: Its place among the runs of the page, from 0; gives it its colour.
        metrics: By their names in metrics.csv.
        epoch: The last one with a metric, from 0, or -1.
        columns: Its histograms of gradients.
        timeline: Its gradient norms by layer.
        lags: At most `MOST_COLUMNS` of the measured steps.
        events: In the order of the file.
        config: The text of config.yaml.
        recipe: What it says.
        environment: What environment.json says.
        started: The time of day in which it began, or "" where nothing tells.
        notes: What is left out of the page and why, by file.
    """

    name: str
    index: int
    metrics: dict[str, Curve] = field(default_factory=dict)
    epoch: int = -1
    columns: Columns | None = None
    timeline: Timeline | None = None
    lags: Sequence[Lags] = ()
    events: Sequence[Event] = ()
    config: str = ""
    recipe: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    started: str = ""
    notes: dict[str, list[str]] = field(default_factory=dict)

    @property
    def last_step(self) -> float:
        """The last optimiser step that any file tells of."""
        ends = [curve.steps[-1] for curve in self.metrics.values() if len(curve.steps)]
        ends += [self.columns.columns[-1].last] if self.columns else []
        return float(max([0.0, *ends, *(entry.step for entry in self.lags)]))


def read_run(folder: Path, name: str, index: int) -> Run:
    """Reads a run; what is missing, empty or cut short is left out and noted, never an error."""
    notes: dict[str, list[str]] = {}
    metrics, epoch = _metrics(folder / METRICS, notes)
    columns, glance = _gradients(folder / GRADIENTS, notes)
    config = read_text(folder / "config.yaml")
    environment = read_mapping(folder / "environment.json")
    return Run(
        name=name,
        index=index,
        metrics=metrics,
        epoch=epoch,
        columns=columns,
        timeline=glance,
        lags=_lags(folder / LAGS, notes),
        events=_events(folder / EVENTS, notes),
        config=config,
        recipe=_recipe(config),
        environment=environment,
        started=str(environment.get("started", "")) or _when(folder),
        notes=notes,
    )


def remarks(runs: Sequence[Run], file: str) -> list[str]:
    """What the page leaves out of a file of these runs, and why."""
    several = len(runs) > 1
    return [f"{run.name}: {note}" if several else note for run in runs for note in run.notes.get(file, [])]


def _metrics(path: Path, notes: dict[str, list[str]]) -> tuple[dict[str, Curve], int]:
    why = missing(path, "the curves are")
    if why:
        notes[METRICS] = [why]
        return {}, -1
    curves, bad, epoch = read_metrics(path)
    notes[METRICS] = [left_out(bad, path)] if bad else []
    if not curves and not bad:
        notes[METRICS] = [f"{path.name} holds no numbers, so the curves are left out."]
    return curves, epoch


def _gradients(path: Path, notes: dict[str, list[str]]) -> tuple[Columns | None, Timeline | None]:
    why = missing(path, "gradients by layer are")
    if why:
        notes[GRADIENTS] = [f"{why} The callback gradient_histogram writes it."]
        return None, None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            columns = collect(read_gradients(path))
            cut = len(caught)
            glance = timeline(read_gradients(path)) if columns else None
        except (ValueError, TypeError, AttributeError):
            notes[GRADIENTS] = [f"{path.name} does not hold gradient histograms as this version knows them."]
            return None, None
    notes[GRADIENTS] = [left_out(cut, path)] if cut else []
    if columns and columns.others:
        notes[GRADIENTS].append(f"{columns.others} records in other bins than the first are left out.")
    return columns, glance


def _lags(path: Path, notes: dict[str, list[str]]) -> list[Lags]:
    why = missing(path, "the gradient through time is")
    if why:
        notes[LAGS] = [why]
        return []
    found: list[Lags] = []
    stride, seen, bad = 1, 0, 0
    for plain in read_lines(path):
        entry = None if plain is None else _lag(plain)
        if entry is None:
            bad += 1
            continue
        while found and found[-1].step >= entry.step:
            found.pop()
        if seen % stride == 0:
            found.append(entry)
        seen += 1
        if len(found) > 2 * MOST_COLUMNS:
            found, stride = found[::2], 2 * stride
    notes[LAGS] = [left_out(bad, path)] if bad else []
    return found


def _lag(plain: dict[str, Any]) -> Lags | None:
    try:
        state, weight = ({key: _norms(row) for key, row in plain.get(kind, {}).items()} for kind in KINDS)
        return Lags(int(plain["step"]), state, weight)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _norms(row: list[float | None]) -> Float[np.ndarray, " lags"]:
    return np.array([np.nan if norm is None else norm for norm in row], dtype=float).reshape(-1)


def _events(path: Path, notes: dict[str, list[str]]) -> list[Event]:
    """What the guard did; a run without the file is one in which it did nothing, or that had none."""
    if missing(path, ""):
        notes[EVENTS] = []
        return []
    events: list[Event] = []
    bad = 0
    for plain in read_lines(path):
        try:
            assert plain is not None
            kind, text = str(plain["kind"]), str(plain["text"])
            step, epoch = int(plain["step"]), int(plain["epoch"])
            events.append(Event(step=step, epoch=epoch, kind=kind, text=text))
        except (AssertionError, KeyError, TypeError, ValueError, OverflowError):
            bad += 1
    notes[EVENTS] = [left_out(bad, path)] if bad else []
    return events


def _recipe(config: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(config)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _when(folder: Path) -> str:
    """When the oldest of the run's files was last written: its configuration, unless it is lost."""
    for name in ("config.yaml", METRICS, GRADIENTS):
        path = folder / name
        if path.is_file():
            return datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return ""
