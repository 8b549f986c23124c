"""What a step does beside computing: which attributes it reads and sets, which derivatives are its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction

from zoo.engines import linear_product

if TYPE_CHECKING:  # the cell imports this module
    from zoo.cells.base import Cell

PLAIN = (bool, int, float, str, bytes, type(None), list, tuple, dict, set)
"""Types of attributes that a program may change between two calls."""
SETTLED = ("spec", "input_size", "hidden_size")
"""Attributes that a cell is built for, and keeps."""
READ, WRITTEN = "names that were read", "names that were set"
"""Where a double carries what it notes."""
ROWS = 2


@dataclass(frozen=True)
class StepReads:
    """What a step of a cell was seen to do.

    Attributes:
        names: The attributes of plain data that it reads; with a path those of cells within it.
        obstacle: Why only the reference loop can run it, in words, or nothing.
    """

    names: tuple[str, ...]
    obstacle: str = ""

    @classmethod
    def of(cls, cell: "Cell") -> "StepReads":
        """Watches a cell take one step; where that fails, the step will say so itself."""
        read, written = set[str](), set[str]()
        try:
            results = _watched_step(cell, read, written)
        except Exception:  # whatever it is: a step that fails here fails where it is run
            return cls(())
        obstacle = f"it sets {', '.join(sorted(written))} of its cell" if written else ""
        if not obstacle and any(isinstance(node, BackwardCFunction) for node in _graph(results)):
            obstacle = "it has a derivative of its own"
        return cls(tuple(sorted(name for name in read if _is_plain(cell, name))), obstacle)

    def values(self, cell: "Cell") -> tuple[object, ...]:
        """What the attributes hold now."""
        return tuple(_settled(attrgetter(name)(cell)) for name in self.names)


def _watched_step(cell: "Cell", read: set[str], written: set[str]) -> list[Tensor]:
    """The results of one step on zeros, by a double of the cell that notes attributes."""
    like, kind = cell.weight_ih, _double_of(type(cell))
    double = object.__new__(kind)
    object.__setattr__(double, "__dict__", dict(vars(cell)) | {READ: read, WRITTEN: written})
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        x = like.new_zeros(ROWS, cell.input_size + cell.reads_deltas)
        state = cell.state_type(*(like.new_zeros(ROWS, size).requires_grad_() for size in cell.state_sizes))
        pre = cell.project(x)
        read.clear()
        output, new_state = kind.step(double, pre, state, linear_product(cell.recurrent))
    return [output, *new_state]


@lru_cache(maxsize=256)
def _double_of(kind: "type[Cell]") -> "type[Cell]":
    """A class of cells that share all that a cell of this kind has, and note what is read and set."""

    class Double(kind):  # type: ignore[misc, valid-type]
        """Notes the names of attributes in two sets that it carries."""

        def __getattribute__(self, name: str) -> Any:
            object.__getattribute__(self, "__dict__")[READ].add(name)
            return super().__getattribute__(name)

        def __setattr__(self, name: str, value: Any) -> None:
            object.__getattribute__(self, "__dict__")[WRITTEN].add(name)

    return Double


def _graph(results: list[Tensor]) -> Iterator[Any]:
    """All that autograd has written down of how results came about."""
    ahead, seen = [part.grad_fn for part in results], set[Any]()
    while ahead:
        node = ahead.pop()
        if node is not None and node not in seen:
            seen.add(node)
            yield node
            ahead += [before for before, _ in node.next_functions]


def _is_plain(cell: "Cell", name: str) -> bool:
    own = name in vars(cell) or isinstance(vars(type(cell)).get(name), PLAIN)
    return own and name not in SETTLED and not name.startswith("_") and isinstance(getattr(cell, name), PLAIN)


def _settled(value: Any) -> object:
    """The value itself where it cannot change, else what it looks like now."""
    return repr(value) if isinstance(value, list | tuple | dict | set) else value
