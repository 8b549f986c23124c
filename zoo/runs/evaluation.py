"""What an evaluation found: tables, drawings and maps, kept beside the run for its page."""

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
    """Lines or points: what was said over what is true.

    Attributes:
        title: Of which sequence.
        unit: What the vertical axis shows.
        curves: The lines.
        across: What the horizontal axis shows.
    """

    title: str
    unit: str
    curves: Sequence[Curve]
    across: str = "steps from now"


@final
@dataclass(frozen=True, kw_only=True)
class Grid:
    """Numbers on two axes, with a word for each place on both.

    Attributes:
        panel: What stands above it.
        view: What it is chosen by, where there are several of a panel.
        across: What is on the horizontal axis.
        up: What is on the vertical one.
        columns: The words on the horizontal axis.
        rows: Those on the vertical one, from the top down.
        values: Of each row those of all columns, from 0 to 1; or, where there are kinds, the number of one.
        kinds: What the whole numbers from 0 on mean.
    """

    panel: str
    view: str
    across: str
    up: str
    columns: Sequence[str]
    rows: Sequence[str]
    values: Sequence[Sequence[float]]
    kinds: Sequence[str] = ()


@final
@dataclass(frozen=True)
class Gallery:
    """Grids that belong together.

    Attributes:
        title: What they are.
        caption: How to read them.
        grids: In the order of their panels.
    """

    title: str
    caption: str
    grids: Sequence[Grid]


@final
@dataclass(frozen=True)
class Evaluation:
    """All that was found."""

    sheets: Sequence[Sheet] = ()
    drawings: Sequence[Drawing] = ()
    galleries: Sequence[Gallery] = ()


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
        return Evaluation(
            list(map(_sheet, plain["sheets"])),
            list(map(_drawing, plain.get("drawings", ()))),
            list(map(_gallery, plain.get("galleries", ()))),
        )
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
    return Drawing(str(plain["title"]), str(plain["unit"]), curves, str(plain.get("across", Drawing.across)))


def _gallery(plain: Any) -> Gallery:
    return Gallery(str(plain["title"]), str(plain["caption"]), list(map(_grid, plain["grids"])))


def _grid(plain: Any) -> Grid:
    words = {name: str(plain[name]) for name in ("panel", "view", "across", "up")}
    lists = {name: [str(word) for word in plain[name]] for name in ("columns", "rows", "kinds")}
    values = [[float(value) for value in row] for row in plain["values"]]
    if [len(row) for row in values] != [len(lists["columns"])] * len(lists["rows"]):
        raise ValueError("a grid has other values than rows and columns")
    return Grid(**words, **lists, values=values)  # type: ignore[arg-type]  # by name
