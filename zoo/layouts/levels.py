"""Cells that were found by their names, put together as the layers of a stack."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from zoo.cells import Cell
from zoo.stack import Stack, StackSpec
from zoo.wiring import PlainSpec

DIRECTION = re.compile(r"(?:(?<=[./])|^)(forward|backward)[^./]*")
"""The step of a name that says in which direction a cell reads."""


class Placed(NamedTuple):
    """A cell, and the name under which its weights were found."""

    name: str
    cell: Cell


Levels: TypeAlias = Sequence[Sequence[Placed]]
"""The cells of each layer: one, or one forward and one backward."""


def numbered(found: Sequence[Placed]) -> list[Placed]:
    """Cells in the order of the numbers in their names.

    Raises:
        ValueError: their names differ in more than numbers and directions, which says of no order.
    """
    stems = {re.sub(r"_?\d+", "", DIRECTION.sub("", each.name)): each.name for each in found}
    if len(stems) > 1:
        first, second, *_ = stems.values()
        raise ValueError(
            f"the names do not say whether {first!r} or {second!r} comes first; expected names that differ "
            f"by number, as in {{'0': ..., '1': ...}}"
        )
    return sorted(
        found, key=lambda each: [int(s) if s.isdigit() else s for s in re.split(r"(\d+)", each.name)]
    )


def named_levels(found: Sequence[Placed]) -> list[list[Placed]]:
    """Layers of cells whose names say where they read backward.

    Raises:
        ValueError: one that reads backward has none beside it that reads forward.
    """
    levels: dict[str, dict[str, Placed]] = {}
    for each in found:
        direction = DIRECTION.search(each.name)
        level = levels.setdefault(DIRECTION.sub("", each.name), {})
        level[direction[1] if direction else "forward"] = each
    for level in levels.values():
        if "forward" not in level:
            raise ValueError(
                f"{level['backward'].name!r} reads backward; expected one beside it that reads forward"
            )
    return [[level[name] for name in ("forward", "backward") if name in level] for level in levels.values()]


def fitting_levels(found: Sequence[Placed]) -> list[list[Placed]]:
    """The only layers that cells without directions in their names make, by what their widths allow.

    Raises:
        ValueError: they make none, or one layer in two directions could as well be two.
    """
    fitting = list(_fitting(list(found), found[0].cell.input_size))
    names = ", ".join(repr(each.name) for each in found)
    if not fitting:
        raise ValueError(f"of {names} no layer reads what another gives; expected widths that fit")
    if len(fitting) > 1:
        raise ValueError(
            f"the widths of {names} fit layers on top of one another as well as two directions of one; "
            f"expected names that tell, as in {{'0': {{'forward': ..., 'backward': ...}}}} or "
            f"{{'0': {{'forward': ...}}, '1': {{'forward': ...}}}}"
        )
    return fitting[0]


def stack_of(levels: Levels, dropout: float = 0.0) -> Stack:
    """The stack of these layers, with copies of their weights.

    Raises:
        ValueError: a layer does not read the width that the one before it gives, or its directions differ.
    """
    _check(levels)
    firsts = [level[0].cell for level in levels]
    spec = StackSpec(
        cell=tuple(cell.spec for cell in firsts),
        hidden_size=tuple(cell.hidden_size for cell in firsts),
        num_layers=len(levels),
        direction=tuple("bidirectional" if len(level) == 2 else "forward" for level in levels),
        dropout=dropout,
    )
    stack = spec.build(firsts[0].input_size).to(firsts[0].weight_ih)
    for cell, placed in zip(stack.cells(), (each for level in levels for each in level), strict=True):
        cell.load_state_dict(placed.cell.state_dict())
    return stack


def obstacle(spec: StackSpec) -> str | None:
    """Why a stack is not layers on top of one another as other libraries have them, or None."""
    if any(not isinstance(wiring, PlainSpec) for wiring in spec.wirings):
        return "its wiring is not plain"
    switches = [switch for k in range(spec.num_layers) for switch in spec.switches_of(k)]
    changed = [switch.key for switch in switches if switch.switch_class.in_evaluation]
    if changed:
        return f"{changed[0]} changes its recurrence"
    if "backward" in spec.directions:
        return "layers there are forward or bidirectional"
    if "bidirectional" in spec.directions and spec.merge != "concat":
        return f"its directions are merged by {spec.merge!r}, not 'concat'"
    if spec.learn_initial_state:
        return "its initial state is learned"
    return None


def _fitting(found: list[Placed], width: int) -> Iterator[list[list[Placed]]]:
    """All ways to make layers of these cells, the first of which reads this width."""
    if not found:
        yield []
    for size in (1, 2)[: len(found)]:
        level, rest = found[:size], found[size:]
        if all(_alike(each.cell, level[0].cell) and each.cell.input_size == width for each in level):
            for others in _fitting(rest, size * level[0].cell.output_size):
                yield [level, *others]


def _alike(first: Cell, second: Cell) -> bool:
    return (first.spec, first.input_size, first.hidden_size) == (
        second.spec,
        second.input_size,
        second.hidden_size,
    )


def _check(levels: Levels) -> None:
    for level in levels:
        if not _alike(level[0].cell, level[-1].cell):
            raise ValueError(
                f"{level[0].name!r} and {level[-1].name!r} differ in cell or width; expected two directions "
                f"alike"
            )
    for (before, *_), (after, *_), size in zip(levels, levels[1:], map(len, levels), strict=False):
        width = size * before.cell.output_size
        if after.cell.input_size != width:
            raise ValueError(
                f"{after.name!r} reads a width of {after.cell.input_size}, the layer before gives {width}; "
                f"expected layers on top of one another, their directions joined"
            )
