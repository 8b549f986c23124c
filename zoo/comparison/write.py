"""Says what a comparison has found, and writes it: a table of all runs, the tables for people, a picture."""

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from zoo.comparison.measure import Measure
from zoo.comparison.standing import Contest, Standing, reach
from zoo.comparison.table import LEGEND, decisions, failures, findings, lines, markdown, overview
from zoo.comparison.trial import Trial
from zoo.report.figure import Table
from zoo.runs.atomic_file import atomic_file
from zoo.runs.record_file import write_rows

CSV, PAGE, PICTURE = "compare.csv", "compare.md", "compare.png"
WIDTH = 100
"""Letters of a line on a terminal."""


def tables(
    found: Sequence[Standing], contests: Sequence[Contest], against: str, measure: Measure
) -> list[Table]:
    """The overview, and who is better than whom where seeds pair."""
    decided = decisions(contests, against, measure)
    return [overview(found, measure), *([] if decided is None else [decided])]


def told(found: Sequence[Standing], contests: Sequence[Contest], shown: Sequence[Table]) -> Iterator[str]:
    """All of it as lines for a terminal."""
    for table in shown:
        yield ""
        yield table.title
        yield ""
        yield from (f"  {line}" for line in lines(table))
    yield ""
    for sentence in _sentences(found, contests):
        yield from textwrap.wrap(sentence, WIDTH)


def _sentences(found: Sequence[Standing], contests: Sequence[Contest]) -> Iterator[str]:
    """What the tables do not say."""
    limit = reach(contests)
    yield from (f"Failed: {line}" for line in failures(found))
    if contests:
        yield from LEGEND
    if limit:
        yield limit


def page(found: Sequence[Standing], contests: Sequence[Contest], shown: Sequence[Table]) -> str:
    """The same as Markdown, with the verdicts in full and the picture."""
    blocks = [["# Comparison"]]
    for table in shown:
        blocks += [[f"## {table.title}"], markdown(table)]
    blocks += [[sentence] for sentence in _sentences(found, contests)]
    blocks.append(["## What the verdicts say"])
    blocks.append([f"- {line}" for line in findings(found)])
    blocks.append([f"![{shown[0].title}]({PICTURE})"])
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def write_trials(trials: Sequence[Trial], path: Path) -> None:
    """Writes a row for each run, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    names = sorted({name for trial in trials for name in trial.metrics})
    write_rows((_row(trial, names) for trial in trials), path)


def _row(trial: Trial, names: Sequence[str]) -> dict[str, Any]:
    plain = trial.plain()
    measured = plain.pop("metrics")
    head = {key: plain.pop(key) for key in ("variant", "seed")}
    return {**head, **{name: measured.get(name) for name in names}, **plain}


def write_page(text: str, path: Path) -> None:
    """Writes a text, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    with atomic_file(path) as file:
        file.write(text.encode())
