"""What the tables of the repository say of one cell."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from statistics import fmean

from docs.site.markdown import code, table
from zoo.cells import CELLS

RESULTS = Path(__file__).resolve().parents[2] / "recipes" / "results"
TASKS = {
    "cells_digits.csv": ("digits, row by row", "test/accuracy", "python recipes/results/cells.py digits"),
    "cells_mnist_rows.csv": (
        "MNIST, row by row",
        "test/accuracy",
        "python recipes/results/cells.py mnist_rows",
    ),
}
"""File -> what the task is, which number of it counts, and the command that measured it."""
Row = dict[str, str]


def accuracies(cell: str) -> str:
    """A table of how well a cell does, with its default options and with others; or nothing."""
    rows = []
    for file, (task, number, command) in TASKS.items():
        for label, values in _of_cell(file, number).get(cell, {}).items():
            seeds = f"{min(values):.1%} to {max(values):.1%}" if len(values) > 1 else ""
            rows.append([task, label, f"**{fmean(values):.1%}**", seeds, str(len(values)), code(command)])
    rows += _sums(cell)
    header = ["task", "options", "on test data", "lowest to highest", "seeds", "measured by"]
    return table(header, rows) if rows else ""


def _sums(cell: str) -> Iterator[list[str]]:
    """How far a cell is off in the adding problem, by the length of its sequences."""
    for length, own in groupby(_of(cell, "cells_adding.csv"), key=lambda row: row["length"]):
        values = [float(row["test/loss"]) for row in own]
        spread = f"{min(values):.2g} to {max(values):.2g}" if len(values) > 1 else ""
        said = f"error **{fmean(values):.2g}**; always saying 1: 0.17"
        command = code("python recipes/results/cells.py adding")
        yield [f"adding, {length} steps", "default", said, spread, str(len(values)), command]


def _of(cell: str, file: str) -> list[Row]:
    return [row for row in _rows(file) if row["cell"] == cell]


def best_accuracy(cell: str) -> float | None:
    """The mean accuracy on the digits, of its best options; None where it was not measured."""
    found = _of_cell("cells_digits.csv", "test/accuracy").get(cell, {})
    return max((fmean(values) for values in found.values()), default=None)


def speeds(cell: str) -> str:
    """A table of how long a training step of a cell takes, and of what was timed beside it; or nothing."""
    rows = []
    for row in _timed().get(cell, []):
        says = {"floor": "its matrix products alone"}.get(row["kind"], row["engine"])
        ratio = f"{float(row['x_torch']):.2f}" if row["x_torch"] else ""
        rows.append([row["shape"], says, f"{float(row['ms']):.1f}", _thousands(row["tokens/s"]), ratio])
    header = ["T x B x H", "what", "ms", "steps of a sequence / s", "times torch's layer"]
    return table(header, rows) if rows else ""


def speed(cell: str) -> float | None:
    """A training step's time in parts of that of torch's layer, at the first shape; None if not timed."""
    own = [row for row in _timed().get(cell, []) if row["kind"] == "engine"]
    return float(own[0]["x_torch"]) if own and own[0]["x_torch"] else None


def machine() -> str:
    """What the speeds were measured on."""
    first = next(iter(_timed().values()))[0]
    return f"{first['cpu']}, {first['threads']} threads, torch {first['torch']}, {first['dtype']}"


def _thousands(count: str) -> str:
    return f"{int(count):,}" if count else ""


@cache
def _timed() -> dict[str, Sequence[Row]]:
    found = defaultdict(list)
    for row in _rows("engines_cpu.csv"):
        found[row["composition"]].append(row)
    return dict(found)


@cache
def _of_cell(file: str, number: str) -> dict[str, dict[str, list[float]]]:
    """Cell -> its options in words -> the number of each seed."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in _rows(file):
        name, _, options = row["cell"].partition(" with ")
        cell = name if name in CELLS.names() else CELLS.key_of(name)
        assert cell is not None, f"{file} speaks of a cell {name!r}, which there is not"
        found[cell][options or "default"].append(float(row[number]))
    return found


def _rows(file: str) -> Iterator[Row]:
    yield from csv.DictReader((RESULTS / file).read_text(encoding="utf-8").splitlines())


def by_depth(wiring: str) -> str:
    """A table of what is left of the gradient in stacks of a wiring, with its options; or nothing."""
    rows = [row for row in _rows("gradient_by_depth.csv") if row["wiring"].partition(",")[0] == wiring]
    depths = [column for column in (rows[0] if rows else {}) if column.isdigit()]
    lines = [[row["cell"], row["wiring"], *(row[depth] for depth in depths)] for row in rows]
    return table(["cell", "wiring", *(f"{depth} layers" for depth in depths)], lines) if rows else ""
