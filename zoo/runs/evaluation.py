"""What an evaluation found: tables of words, kept beside the run for its page."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

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


@final
@dataclass(frozen=True)
class Curve:
    """A line of a drawing: as many x as y."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


@final
@dataclass(frozen=True)
class Drawing:
    """Lines over steps: what was said over what is true.

    Attributes:
        title: Of which sequence.
        unit: What the vertical axis shows.
        curves: The lines.
    """

    title: str
    unit: str
    curves: Sequence[Curve]


@final
@dataclass(frozen=True)
class Evaluation:
    """All that was found."""

    sheets: Sequence[Sheet] = ()
    drawings: Sequence[Drawing] = ()


def write_evaluation(found: Evaluation, path: Path) -> None:
    """Writes what was found, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    with atomic_file(path) as file:
        file.write(json.dumps(asdict(found), ensure_ascii=False, indent=1).encode())


def read_evaluation(path: Path) -> Evaluation:
    """What a file holds.

    Raises:
        ValueError: it holds something else.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        return Evaluation(list(map(_sheet, plain["sheets"])), list(map(_drawing, plain["drawings"])))
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path.name} does not hold an evaluation") from error


def _sheet(plain: Any) -> Sheet:
    rows = [[str(cell) for cell in row] for row in plain["rows"]]
    return Sheet(str(plain["title"]), [str(name) for name in plain["head"]], rows)


def _drawing(plain: Any) -> Drawing:
    curves = [
        Curve(str(curve["name"]), [float(x) for x in curve["x"]], [float(y) for y in curve["y"]])
        for curve in plain["curves"]
    ]
    return Drawing(str(plain["title"]), str(plain["unit"]), curves)
