"""Fused weights whose gates stand in another order than the zoo's."""

from dataclasses import fields, replace
from typing import NamedTuple

import torch
from torch import Tensor

from zoo.cells import Cell, CellSpec


class Rows(NamedTuple):
    """The fused weights of a cell, gate after gate in the order of another library.

    Attributes:
        weight_ih: (G, I).
        weight_hh: (G, H), or (G, P) where the output is projected.
        bias_ih: (G,), added to the input's product, or None.
        bias_hh: (G,), added to the recurrent product, or None.
    """

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None = None
    bias_hh: Tensor | None = None


def settled(found: CellSpec, wanted: CellSpec | None, free: str = "") -> CellSpec:
    """The spec of the cell that weights belong to.

    Args:
        found: What the weights say.
        wanted: What the user says.
        free: The option that the weights leave open, if any.

    Raises:
        ValueError: the user says something else than the weights.
    """
    if wanted is None:
        return found
    if type(wanted) is not type(found):
        raise ValueError(f"cell is {wanted.key!r}, and the weights are those of {found.key!r}; expected that")
    for field in fields(found):
        value = getattr(wanted, field.name)
        if field.name != free and value not in (field.default, getattr(found, field.name)):
            raise ValueError(
                f"{field.name} of the cell is {value!r}, and the weights are those of "
                f"{getattr(found, field.name)!r}; expected that"
            )
    is_said = free and getattr(wanted, free) != getattr(type(found)(), free)
    return replace(found, **{free: getattr(wanted, free)}) if is_said else found


def gated_cell(spec: CellSpec, hidden_size: int, order: str, rows: Rows, minus: str = "") -> Cell:
    """The zoo's cell with these weights.

    Args:
        spec: Its spec.
        hidden_size: H.
        order: The gates in the order of the rows.
        rows: The weights.
        minus: Gates of the other library that are 1 minus the zoo's.
    """
    cell = spec.build(rows.weight_ih.shape[1], hidden_size).to(rows.weight_ih)
    own = Rows._make(part if part is None else _reordered(part, order, cell.gates, minus) for part in rows)
    cell.weight_ih.copy_(own.weight_ih)
    assert cell.weight_hh is not None
    cell.weight_hh.copy_(own.weight_hh)
    if cell.bias is None:
        return cell
    bias_ih, bias_hh = (
        torch.zeros_like(cell.bias) if bias is None else bias for bias in (own.bias_ih, own.bias_hh)
    )
    cell.bias.copy_(bias_ih + bias_hh)
    if cell.bias_hh is not None:
        inside = cell.rows(cell.recurrent_bias)
        cell.bias[inside] = bias_ih[inside]
        cell.bias_hh.copy_(bias_hh[inside])
    return cell


def gate_rows(cell: Cell, order: str, minus: str = "") -> Rows:
    """The weights of a cell of the zoo in another order; the inverse of `gated_cell`."""
    assert cell.weight_hh is not None
    own = Rows(cell.weight_ih, cell.weight_hh, *(cell.torch_biases() or ()))
    return Rows._make(part if part is None else _reordered(part, cell.gates, order, minus) for part in own)


def _reordered(rows: Tensor, order: str, wanted: str, minus: str) -> Tensor:
    """Rows of gates in another order, of some with the other sign: 1 - σ(x) is σ(-x)."""
    blocks = dict(zip(order, rows.chunk(len(order)), strict=True))
    return torch.cat([-blocks[gate] if gate in minus else blocks[gate] for gate in wanted])
