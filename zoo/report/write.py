"""From the folders of runs to a page in a file."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from zoo.report.clipping import clipping
from zoo.report.curves import curves
from zoo.report.evaluation import drawings, evaluation
from zoo.report.figure import Section
from zoo.report.grids import galleries
from zoo.report.health import health
from zoo.report.histograms import histograms
from zoo.report.lags import by_lag, over_training
from zoo.report.layers import layers
from zoo.report.page import page
from zoo.report.run import Run, read_run
from zoo.report.verdict import verdict_of
from zoo.report.words import guard
from zoo.runs.folders import find_run, names

PAGE = "report.html"
MOST_NAMES = 3
"""Runs whose names make that of a file."""


def write_report(paths: Sequence[Path], output: Path | None = None) -> Path:
    """Writes one self-contained HTML page about runs that have ended, however they ended.

    The same files make the same page, byte for byte.

    Args:
        paths: The runs' folders; of a folder of versions, the newest.
        output: Where the page goes; by default `report.html` in the folder of the run, and of several runs a
            file named after them in the folder above the first, so that none loses its own page.

    Returns:
        Where it is.

    Raises:
        ValueError: a path means no run, or two mean the same one.
        OSError: the page cannot be written.
    """
    folders = [find_run(path) for path in paths]
    for place, folder in enumerate(folders):
        if folder.resolve() in [other.resolve() for other in folders[:place]]:
            raise ValueError(f"the run {str(folder)!r} is named twice; expected different runs")
    called = names(folders)
    runs = [
        read_run(folder, name, index)
        for index, (folder, name) in enumerate(zip(folders, called, strict=True))
    ]
    text = page(runs, [verdict_of(folder) for folder in folders], sections(runs))
    target = output or _place(folders, called)
    _write(target, text)
    return target


def sections(runs: Sequence[Run]) -> list[Section]:
    """The parts of the page that have figures, in their order."""
    results = (curves(runs), evaluation(runs), drawings(runs), *galleries(runs))
    gradients = (layers(runs), histograms(runs), by_lag(runs), over_training(runs), clipping(runs))
    return [part for part in (*results, *gradients, health(runs), guard(runs)) if part is not None]


def _place(folders: Sequence[Path], called: Sequence[str]) -> Path:
    """Where a page goes unless somebody says so: runs/gru/gru_and_lstm.html where it is about both."""
    if len(folders) == 1:
        return folders[0] / PAGE
    named = called if len(called) <= MOST_NAMES else [called[0], f"{len(called) - 1} more"]
    stem = "_and_".join(re.sub(r"\W+", "_", name) for name in named)
    return folders[0].parent / f"{stem}.html"


def _write(target: Path, text: str) -> None:
    """Writes the file whole or not at all."""
    if target.is_dir():
        better = str(target / PAGE)
        raise ValueError(f"{str(target)!r} is a folder; expected the name of a file, such as {better!r}")
    if not target.parent.is_dir():
        raise ValueError(f"there is no folder {str(target.parent)!r} for {target.name!r}")
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
