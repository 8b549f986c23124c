"""The local file of gradients through time: one JSON object per line, one line per measured step."""

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from zoo.diagnostics.lag_record import Curves, LagRecord
from zoo.runs.jsonl import append_line, find_journal, read_lines

THROUGH_TIME = "through_time.jsonl"
"""What the file is called where nobody says otherwise."""

KINDS = ("state", "weight", "error")


def lags_in(folder: Path) -> Path:
    """The file of gradients through time in a run's folder."""
    return find_journal(folder, THROUGH_TIME, "state")


def append_lags(path: Path, record: LagRecord) -> None:
    """Adds a record to a file."""
    curves = {name: _plain(vars(record)[name]) for name in KINDS}
    rest = {key: norm if math.isfinite(norm) else None for key, norm in record.rest.items()}
    append_line(path, {"step": record.step, **curves, "rest": rest})


def read_lags(path: Path) -> Iterator[LagRecord]:
    """The records of a file in the order they were written; what a crash cut short is left out.

    Raises:
        FileNotFoundError: there is no such file.
    """
    for plain in read_lines(path):
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            yield _record(plain)


def _record(plain: Mapping[str, Any]) -> LagRecord:
    rest = {key: math.nan if norm is None else float(norm) for key, norm in plain.get("rest", {}).items()}
    return LagRecord(
        step=int(plain["step"]),
        state=_curves(plain["state"]),
        weight=_curves(plain["weight"]),
        error=_curves(plain.get("error", {})),
        rest=rest,
    )


def in_order(records: Iterable[LagRecord], most: int) -> list[LagRecord]:
    """The records of one run by step; of very many, evenly chosen ones and the last.

    Where a run that was resumed has gone back, the later records count.

    Args:
        records: As they were written.
        most: From twice as many on only some are kept, so that long runs fit in memory.
    """
    kept: list[LagRecord] = []
    record, stride = None, 1
    for number, record in enumerate(records):
        while kept and kept[-1].step >= record.step:
            kept.pop()
        if number % stride == 0:
            kept.append(record)
        if len(kept) >= 2 * most:
            kept, stride = kept[::2], 2 * stride
    if record is not None and (not kept or kept[-1] is not record):
        kept.append(record)
    return kept


def _plain(curves: Curves) -> dict[str, list[float | None]]:
    # Eight digits tell apart what arithmetic in float32 can.
    return {
        key: [float(f"{norm:.8g}") if math.isfinite(norm) else None for norm in norms]
        for key, norms in curves.items()
    }


def _curves(plain: Mapping[str, Any]) -> Curves:
    return {
        key: [math.nan if norm is None else float(norm) for norm in norms] for key, norms in plain.items()
    }
