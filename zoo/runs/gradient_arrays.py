"""The gradient histograms of a run as arrays, in a file that numpy reads without anything else."""

import os
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import numpy as np
from jaxtyping import Shaped

from zoo.diagnostics.histogram import OUTSIDE, LogBins, Summary
from zoo.diagnostics.parameter_paths import place_of
from zoo.runs.gradient_records import journal_in, read_gradients

Arrays: TypeAlias = dict[str, Shaped[np.ndarray, "..."]]

MOST_COUNTS = 2**27
"""Counts of a moment up to which every record is kept: half a gigabyte of memory."""


def save_arrays(journal: Path | str) -> Path:
    """Writes what a file of gradient records holds as arrays: gradients.npz beside gradients.jsonl.

    `np.load` reads it, without pickles. The axes are N records in the order of the file, S series and K bins.
    A series is what was measured apart: the rows of one gate in one parameter, or a parameter without gates::

        steps, optimizer                           (N,)       as in `GradientRecord`
        names                                      (S,)       "layers.0.directions.forward_.cell.weight_hh:f"
        layer, direction, gate, block              (S,)       "layer 1", "forward", "f", "recurrent" (`Place`)
        edges                                      (K + 1,)   of the bins, as exponents of ten
        counts_before, counts_after                (N, S, K)  entries per bin, before and after clipping
        norm_before, norm_after                    (N, S)     L2 norm of the finite entries
        under_before, over_before, ..._after       (N, S)     entries below and above the bins
        zero_before, nonfinite_before, ..._after   (N, S)     entries that are 0; that are NaN or infinite

    Where a series was not measured, because its parameter had no gradient or belongs to another optimiser, or
    because the update was skipped, its norm is NaN and its counts are 0. Where the bins changed
    within the file, it holds the records since; of more than `MOST_COUNTS` counts, every n-th record.

    Args:
        journal: The file, or the folder in which it is called gradients.jsonl.

    Returns:
        The new file, which is there whole or not at all.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds no record.
    """
    bins, names, kept = _survey(journal)
    stride = max(-(-len(kept) * len(names) * bins.count // MOST_COUNTS), 1)
    kept = kept[::stride]
    arrays = _empty(bins, names, len(kept))
    series = {name: index for index, name in enumerate(names)}
    for row, record in enumerate(islice(read_gradients(journal), kept.start, kept.stop, kept.step)):
        arrays["steps"][row], arrays["optimizer"][row] = record.step, record.optimizer
        for moment, summaries in (("before", record.before), ("after", record.after or {})):
            for name, summary in summaries.items():
                _fill(arrays, moment, (row, series[name]), summary)
    path = journal_in(journal).with_suffix(".npz")
    _write(path, arrays)
    return path


def _survey(journal: Path | str) -> tuple[LogBins, list[str], range]:
    """The bins of the last record, the names of what was measured with them, and the records to keep."""
    bins, first, end = LogBins(), 0, 0
    names: dict[str, None] = {}
    for end, record in enumerate(read_gradients(journal), 1):
        if record.bins != bins:
            bins, first, names = record.bins, end - 1, {}
        names |= dict.fromkeys([*record.before, *(record.after or {})])
    if not end:
        raise ValueError(f"no gradient record in {journal}; expected at least one")
    return bins, list(names), range(first, end)


def _empty(bins: LogBins, names: list[str], count: int) -> Arrays:
    """The arrays before anything was measured."""
    places = [place_of(name) for name in names]
    shape = (count, len(names))
    arrays: Arrays = {"steps": np.zeros(count, np.int64), "optimizer": np.zeros(count, np.int64)}
    arrays |= {"names": np.array(names, np.str_), "edges": np.array(bins.edges)}
    for part in ("layer", "direction", "gate", "block"):
        arrays[part] = np.array([vars(place)[part] for place in places], np.str_)
    for moment in ("before", "after"):
        arrays[f"counts_{moment}"] = np.zeros((*shape, bins.count), np.uint32)
        arrays[f"norm_{moment}"] = np.full(shape, np.nan)
        arrays |= {f"{field}_{moment}": np.zeros(shape, np.int64) for field in OUTSIDE}
    return arrays


def _fill(arrays: Arrays, moment: str, place: tuple[int, int], summary: Summary) -> None:
    arrays[f"counts_{moment}"][place] = summary.counts
    for field in ("norm", *OUTSIDE):
        arrays[f"{field}_{moment}"][place] = vars(summary)[field]


def _write(path: Path, arrays: Arrays) -> None:
    """Writes the file under another name first, so that nobody finds half of it."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with unfinished.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
