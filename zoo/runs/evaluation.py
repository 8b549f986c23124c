"""What an evaluation found: tables of words, kept beside the run for its page."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

from zoo.runs.atomic_file import atomic_file

EVALUATION = "evaluation.json"


@final
@dataclass(frozen=True)
class Sheet:
    """A table.

    Attributes:
        title: What it holds, and how to read it.
        head: Names of the columns; the first column names the rows.
        rows: As long as `head`, each.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def write_evaluation(sheets: Sequence[Sheet], path: Path) -> None:
    """Writes the tables, whole or not at all.

    Raises:
        OSError: they cannot be written.
    """
    with atomic_file(path) as file:
        file.write(json.dumps([asdict(sheet) for sheet in sheets], ensure_ascii=False, indent=1).encode())


def read_evaluation(path: Path) -> list[Sheet]:
    """The tables of a file.

    Raises:
        ValueError: it holds something else.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        return [
            Sheet(
                str(sheet["title"]),
                [str(name) for name in sheet["head"]],
                [[str(cell) for cell in row] for row in sheet["rows"]],
            )
            for sheet in plain
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path.name} does not hold an evaluation") from error
