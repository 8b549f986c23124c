"""The table of cells: family, year, gates, size, engine, and what was measured of them."""

import csv
from collections.abc import Iterator
from pathlib import Path

import torch

from zoo.cells import CELLS, Cell
from zoo.cli.errors import UserError
from zoo.engines import pick

WIDTH = 128
"""I and H of the cells whose sizes are shown."""
HEADER = ("cell", "family", "year", "gates", "parameters", "engine")


def cell_rows(measured: str | None) -> Iterator[tuple[str, ...]]:
    """The header, and a row for each cell, family by family.

    Args:
        measured: A file that `zoo bench --csv` wrote, whose ratios to torch's layers are shown; or None.

    Raises:
        UserError: it is no such file.
    """
    ratios = {} if measured is None else _ratios(Path(measured))
    shapes = sorted({shape for found in ratios.values() for shape in found})
    yield (*HEADER, *(f"x torch {shape}" for shape in shapes))
    for name in sorted(CELLS.names(), key=lambda name: (FAMILIES.index(CELLS[name].card.family), name)):
        cell = CELLS[name].spec_class().build(WIDTH, WIDTH)
        card, size = cell.card, f"{parameter_count(cell):,}"
        recurrence = cell.recurrence()
        engine = pick("auto", recurrence).name
        yield (
            *(name, card.family, card.year, recurrence.gates, size, engine),
            *(ratios.get(name, {}).get(shape, "") for shape in shapes),
        )


FAMILIES = ("gated", "gradient", "linear", "matrix", "continuous", "wrapper")


def parameter_count(module: torch.nn.Module) -> int:
    """How many parameters it has."""
    return sum(parameter.numel() for parameter in module.parameters())


def multiply_adds(cell: Cell) -> int:
    """Multiplications of a step that are summed up in products, for one sequence."""
    like, taken = cell.weight_ih, [0]

    def product(gates: str, operand: torch.Tensor) -> torch.Tensor:
        weight, _ = cell.recurrent(gates)
        taken[0] += weight.numel()
        return operand @ weight.T

    state = cell.state_type(*(like.new_zeros(1, size) for size in cell.state_sizes))
    with torch.no_grad():
        x = cell.with_deltas(like.new_zeros(1, cell.input_size), None)
        cell.step(cell.project(x), state, product)
    return like.numel() + taken[0]


def _ratios(path: Path) -> dict[str, dict[str, str]]:
    """Cell -> shape -> time under the engine that `auto` takes, over that of torch's layer."""
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--bench {path}: {error}; expected a file that `zoo bench --csv` wrote") from error
    if not rows or not {"composition", "engine", "shape", "x_torch"} <= rows[0].keys():
        raise UserError(f"--bench {path} has no measurements; expected a file that `zoo bench --csv` wrote")
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["engine"].endswith("(auto)"):
            found.setdefault(row["composition"], {})[row["shape"]] = row["x_torch"]
    return found
