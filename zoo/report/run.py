"""What is known of a run from its folder."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

import yaml

from zoo.diagnostics.lag_record import LagRecord
from zoo.report.columns import HistogramColumns, collect
from zoo.report.figure import MOST_COLUMNS
from zoo.runs.evaluation import EVALUATION, Evaluation, read_evaluation
from zoo.runs.events import EVENTS, Event, read_events
from zoo.runs.gradient_records import JOURNAL, journal_in, read_gradients
from zoo.runs.lag_records import THROUGH_TIME, in_order, lags_in, read_lags
from zoo.runs.metrics_file import (
    METRICS,
    Curve,
    epochs_in,
    left_out,
    missing,
    read_mapping,
    read_metrics,
    read_text,
    unread,
)
from zoo.runs.timeline import Timeline, timeline
from zoo.verdict.history import History


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """A run, as far as its folder tells.

    Attributes:
        name: What the page calls it.
        index: Its place among the runs of the page, from 0; gives it its colour.
        metrics: By their names in metrics.csv.
        epoch: The last one with a metric, from 1, or 0.
        columns: Its histograms of gradients.
        timeline: Its gradient norms by layer.
        lags: The measured steps; of very many, evenly chosen ones and the last.
        events: In the order of the file.
        history: When what happened.
        evaluation: What `zoo evaluate` has found.
        config: The text of config.yaml.
        recipe: What it says.
        environment: What environment.json says.
        started: The time of day in which it began, or "" where nothing tells.
        notes: What is left out of the page and why, by file.
    """

    name: str
    index: int
    metrics: dict[str, Curve] = field(default_factory=dict)
    epoch: int = 0
    columns: HistogramColumns | None = None
    timeline: Timeline | None = None
    lags: Sequence[LagRecord] = ()
    events: Sequence[Event] = ()
    history: History = History()  # noqa: RUF009 (it is frozen)
    evaluation: Evaluation = Evaluation()  # noqa: RUF009 (it is frozen)
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
    columns, glance = _gradients(journal_in(folder), notes)
    events = _events(folder / EVENTS, notes)
    config = read_text(folder / "config.yaml")
    environment = read_mapping(folder / "environment.json")
    return Run(
        name=name,
        index=index,
        metrics=metrics,
        epoch=epoch,
        columns=columns,
        timeline=glance,
        lags=_lags(lags_in(folder), notes),
        events=events,
        history=History.of(metrics, epochs_in(folder / METRICS), glance, events),
        evaluation=_evaluation(folder / EVALUATION, notes),
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
        return {}, 0
    curves, bad, epoch = read_metrics(path)
    notes[METRICS] = [left_out(bad, path)] if bad else []
    if not curves and not bad:
        notes[METRICS] = [f"{path.name} holds no numbers, so the curves are left out."]
    return curves, epoch


def _gradients(path: Path, notes: dict[str, list[str]]) -> tuple[HistogramColumns | None, Timeline | None]:
    why = missing(path, "gradients by layer are")
    if why:
        notes[JOURNAL] = [f"{why} The callback gradient_histogram writes it."]
        return None, None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            columns = collect(read_gradients(path))
            cut = len(caught)
            glance = timeline(read_gradients(path)) if columns else None
        except (ValueError, TypeError, AttributeError):
            notes[JOURNAL] = [f"{path.name} does not hold gradient histograms as this version knows them."]
            return None, None
    notes[JOURNAL] = [left_out(cut, path)] if cut else []
    if columns and columns.others:
        notes[JOURNAL].append(f"{columns.others} records in other bins than the first are left out.")
    return columns, glance


def _lags(path: Path, notes: dict[str, list[str]]) -> list[LagRecord]:
    why = missing(path, "the gradient through time is")
    if why:
        notes[THROUGH_TIME] = [why]
        return []
    try:
        measured = (record for record in read_lags(path) if record.state or record.weight)
        found = in_order(measured, MOST_COLUMNS)
        notes[THROUGH_TIME] = unread(path, read_lags(path))
    except (ValueError, TypeError, AttributeError):
        notes[THROUGH_TIME] = [
            f"{path.name} does not hold gradients through time as this version knows them."
        ]
        return []
    if not (found or notes[THROUGH_TIME]):
        notes[THROUGH_TIME] = [f"{path.name} holds no layer, so the gradient through time is left out."]
    return found


def _events(path: Path, notes: dict[str, list[str]]) -> list[Event]:
    """What the guard did; a run without the file is one in which it did nothing, or that had none."""
    if missing(path, ""):
        return []
    events = list(read_events(path))
    notes[EVENTS] = unread(path, events)
    return events


def _evaluation(path: Path, notes: dict[str, list[str]]) -> Evaluation:
    """What was found on test data; most runs have no such file."""
    if not path.is_file():
        return Evaluation()
    try:
        return read_evaluation(path)
    except (ValueError, OSError) as error:
        notes[EVALUATION] = [f"{error}, so what the run gets wrong is left out."]
        return Evaluation()


def _recipe(config: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(config)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _when(folder: Path) -> str:
    """When the oldest of the run's files was last written: its configuration, unless it is lost."""
    for name in ("config.yaml", METRICS, JOURNAL):
        path = folder / name
        if path.is_file():
            return datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return ""
