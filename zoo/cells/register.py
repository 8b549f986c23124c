"""The registry of cells."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from zoo.cells.cell import Cell
from zoo.cells.cell_spec import CellSpec
from zoo.registry import Registry, enter_part, spec_of

AnyCell = TypeVar("AnyCell", bound=Cell)

CELLS: Registry[type[Cell]] = Registry("cell", "zoo.cells", declares=("gates", "card"))


def register_cell(name: str, spec: type[CellSpec]) -> Callable[[type[AnyCell]], type[AnyCell]]:
    """Class decorator that enters a cell and its spec into the zoo under `name`.

    Raises:
        ValueError: `name` or `spec` is taken by another cell, or the class lacks gates or card.
    """

    def enter(cls: type[AnyCell]) -> type[AnyCell]:
        enter_part(CELLS, name, cls, spec, base=CellSpec, example="zoo.cells.gru")
        spec.cell_class = cls
        return cls

    return enter


def cell_spec(value: str | CellSpec | Mapping[str, Any]) -> CellSpec:
    """The spec that a name, a spec, or a spec's plain form stands for.

    Raises:
        UnknownNameError: no cell has that name.
    """
    return spec_of(CELLS, value, CellSpec)
