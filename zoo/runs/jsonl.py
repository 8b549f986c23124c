"""Files of one JSON object per line, written so that a crash can cost at most the last line."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def append_line(path: Path, plain: Mapping[str, Any]) -> None:
    """Adds an object to a file as one line, in one write; a line that a crash cut short is ended first.

    Raises:
        ValueError: a number is NaN or infinite, which JSON does not know.
    """
    line = json.dumps(plain, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        cut_short = False
        if file.tell() > 0:
            file.seek(-1, 2)
            cut_short = file.read(1) != b"\n"
        file.write((b"\n" if cut_short else b"") + line.encode() + b"\n")


def find_journal(folder: Path, usual: str, key: str) -> Path:
    """The file of a run's folder that a callback has written, under its usual name or another.

    Args:
        folder: The run's folder.
        usual: What it is called where nobody says otherwise; returned where no other file is found, too.
        key: The second key of each of its lines, which tells it from files of other callbacks.
    """
    if (folder / usual).exists() or not folder.is_dir():
        return folder / usual
    begins = re.compile(rb'\{"step":\d+,"' + key.encode() + rb'"')
    for path in sorted(folder.glob("*.jsonl")):
        with path.open("rb") as file:
            if begins.match(file.read(64)):
                return path
    return folder / usual


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file in the order they were written; lines that hold none are left out.

    Raises:
        FileNotFoundError: there is no such file.
    """
    with path.open("rb") as file:
        for line in file:
            try:
                plain = json.loads(line)
            except ValueError:
                continue
            if isinstance(plain, dict):
                yield plain
