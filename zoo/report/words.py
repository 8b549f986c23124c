"""The parts of the page that are words: final numbers, what the guard did, what the runs were made of."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from zoo.pictures.wording import number
from zoo.report.clipping import clipped
from zoo.report.curves import results
from zoo.report.figure import Section, Table
from zoo.report.run import Run, remarks
from zoo.report.text import listed, without_home
from zoo.runs.events import EVENTS

MOST_EVENTS = 200
MOST_DIFFERENCES = 80
BETTER_WHEN_SMALL = re.compile(
    r"(^|_)(loss|perplexity|bits_per_\w+|error_rate|mse|mae|rmse|mase|smape|crps|\w*error)$"
)
BETTER_WHEN_LARGE = re.compile(r"(^|_)(accuracy|f1|match|bleu|chrf)$")
"""Measures of which there is a best; of others, such as those of naive forecasts, there is none."""


def model_of(run: Run) -> str:
    """The model of a run in a line."""
    told = run.environment.get("model")
    if isinstance(told, str) and told:
        return told
    model = run.recipe.get("model")
    task = str(_inside(model, "class_path") or "").rpartition(".")[2]
    encoder = _inside(model, "init_args", "network", "encoder")
    cell = _inside(encoder, "cell")
    named = cell if isinstance(cell, str) else str(_inside(cell, "class_path") or "")
    kind = named.rpartition(".")[2].removesuffix("Spec").lower()
    size = f"{_inside(encoder, 'num_layers')}×{_inside(encoder, 'hidden_size')}"
    wiring = _inside(encoder, "wiring")
    joined = wiring if isinstance(wiring, str) else str(_inside(wiring, "class_path") or "")
    words = [kind, size if "None" not in size else "", str(_inside(encoder, "direction") or "")]
    words.append(joined.rpartition(".")[2].removesuffix("Spec").lower())
    return " ".join(word for word in (task, *words) if word) or "a model that nothing in the folder describes"


def status_of(run: Run) -> str:
    """How far the run came, in words."""
    asked = _inside(run.recipe, "trainer", "max_epochs")
    done = run.epoch
    if done <= 0:
        return "no metric was written"
    if isinstance(asked, int) and asked > 0:
        tested = any(name.startswith("test/") for name in run.metrics)
        if tested or done >= asked:
            return f"{min(done, asked)} of {asked} epochs"
        return f"in epoch {done} of {asked}: it ended early, or is still going on"
    return f"{done} epochs"


def final_numbers(runs: Sequence[Run]) -> Table:
    """The last value of each metric, the best of those of validation, what clipping did; a column per run."""
    rows = [("progress", *(status_of(run) for run in runs))]
    rows.append(("optimiser steps seen", *(f"{run.last_step:,.0f}" for run in runs)))
    names = results(runs)
    for start in ("test/", "val/", "train/", ""):
        for name in names:
            known = name.startswith(("test/", "val/", "train/"))
            if (start and name.startswith(start)) or not (start or known):
                rows.append(
                    (
                        name,
                        *(_last(run, name) + (_best(run, name) if start == "val/" else "") for run in runs),
                    )
                )
    took = [clipped(run) for run in runs]
    if any(took):
        rows.append(("steps clipped, of those logged", *(f"{one[0]:.0%}" if one else "–" for one in took)))
        rows.append(("largest gradient norm", *(number(one[1]) if one else "–" for one in took)))
    head = ("measure", *(run.name for run in runs)) if len(runs) > 1 else ("measure", "at the end")
    return Table("", head, tuple(rows))


def guard(runs: Sequence[Run]) -> Section:
    """What the guard against NaN and infinity did."""
    events = [(run, event) for run in runs for event in run.events]
    several = len(runs) > 1
    head = ("run", "step", "epoch", "what", "in words") if several else ("step", "epoch", "what", "in words")
    rows = []
    for run, event in events[:MOST_EVENTS]:
        row = (f"{event.step:,}", str(event.epoch), event.kind, event.text)
        rows.append((run.name, *row) if several else row)
    kinds = Counter(event.kind for _, event in events)
    said = listed((f"{count}× {kind}" for kind, count in kinds.items()), most=8)
    notes = remarks(runs, EVENTS)
    if len(events) > MOST_EVENTS:
        notes.append(f"Of {len(events)} events the first {MOST_EVENTS} are listed.")
    return Section(
        title="What the guard did",
        caption=f"{said}."
        if events
        else "Nothing: no NaN and no infinity was met, or no guard was watching.",
        tables=[Table("Events", head, tuple(rows))] if rows else [],
        notes=notes,
    )


def differences(runs: Sequence[Run]) -> Table | None:
    """The settings in which runs differ, or None where there is nothing to compare."""
    settings = [dict(_leaves(run.recipe)) for run in runs]
    keys = dict.fromkeys(key for one in settings for key in one)
    rows = []
    for key in keys:
        values = [without_home(str(one.get(key, "–"))) for one in settings]
        if len(set(values)) > 1:
            rows.append((key, *values))
    if not rows:
        return None
    return Table(
        "Settings that differ", ("setting", *(run.name for run in runs)), tuple(rows[:MOST_DIFFERENCES])
    )


def environment(runs: Sequence[Run]) -> Table | None:
    """Versions and machine; of older runs the first line of config.yaml says a little of it."""
    known = [_environment(run) for run in runs]
    keys = list(dict.fromkeys(key for one in known for key in one))
    if not keys:
        return None
    rows = tuple((key, *(without_home(str(one.get(key, "–"))) for one in known)) for key in keys)
    return Table("Environment", ("", *(run.name for run in runs)), rows)


def _environment(run: Run) -> dict[str, Any]:
    if run.environment:
        return {key: value for key, value in run.environment.items() if key != "model"}
    first = run.config.partition("\n")[0]
    if not first.startswith("#"):
        return {}
    return {"versions": first.lstrip("# ").strip()}


def _last(run: Run, name: str) -> str:
    curve = run.metrics.get(name)
    if curve is None:
        return "–"
    value = float(curve.values[-1])
    return number(value) if np.isfinite(value) else "not finite"


def _best(run: Run, name: str) -> str:
    curve = run.metrics.get(name)
    if curve is None or not np.isfinite(curve.values).any():
        return ""
    is_small, is_large = (
        each.search(name.rpartition("/")[2]) for each in (BETTER_WHEN_SMALL, BETTER_WHEN_LARGE)
    )
    if not is_small and not is_large:
        return ""
    sign = -1 if is_small else 1
    values = np.where(np.isfinite(curve.values), sign * curve.values, -np.inf)
    place = int(values.argmax())
    return f" (best {number(float(curve.values[place]))} at step {curve.steps[place]:,.0f})"


def _inside(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and plain values."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from _leaves(item, f"{place}.{key}".lstrip("."))
    if not isinstance(value, dict | list):
        yield place, value
