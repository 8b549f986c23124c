"""The registry of cells."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from zoo.cells.cell import Cell, CellSpec
from zoo.registry import Registry, spec_of

AnyCell = TypeVar("AnyCell", bound=Cell)

CELLS: Registry[type[Cell]] = Registry("cell", "zoo.cells")


def register_cell(name: str, spec: type[CellSpec]) -> Callable[[type[AnyCell]], type[AnyCell]]:
    """Class decorator that enters a cell and its spec into the zoo under `name`.

    Raises:
        ValueError: `name` or `spec` is taken by another cell, or the class lacks gates or card.
    """

    def enter(cls: type[AnyCell]) -> type[AnyCell]:
        for needed in ("gates", "card"):
            if needed not in vars(cls):
                raise ValueError(
                    f"cell {name!r} has no {needed!r}; expected a class attribute, as in zoo.cells.gru"
                )
        if spec is CellSpec or vars(spec).get("key", name) != name:
            raise ValueError(f"cell {name!r} got {spec.__name__}, which is taken; expected a spec of its own")
        CELLS.add(name, cls)
        cls.key = spec.key = name
        spec.cell_class, cls.spec_class = cls, spec
        return cls

    return enter


def cell_spec(value: str | CellSpec | Mapping[str, Any]) -> CellSpec:
    """The spec that a name, a spec, or a spec's plain form stands for.

    Raises:
        UnknownNameError: no cell has that name.
    """
    return spec_of(CELLS, value, CellSpec)
