"""Refuses sizes whose weights this machine could not hold, before any of them is allocated."""

import os
from functools import cache

import torch

from zoo.cells import Cell, CellSpec
from zoo.stack.spec import StackSpec

BYTES = 4
"""Of a weight in single precision; gradients and an optimiser take several times that, activations more."""


def check_stack(spec: StackSpec, input_size: int) -> None:
    """Refuses a stack whose weights do not fit into memory.

    Raises:
        ValueError: says which sizes, how much memory they take, and how much there is.
    """
    widths = (input_size, *spec.hidden_sizes)
    weights = sum(
        (1 + (way == "bidirectional")) * size * (len(cell.cell_class.gates) * width + _recurrent(cell) * size)
        for cell, way, width, size in zip(
            spec.cells, spec.directions, widths, spec.hidden_sizes, strict=False
        )
    )
    sizes = f"hidden_size {spec.hidden_size}, num_layers {spec.num_layers} and inputs of width {input_size}"
    check_weights(weights, sizes)


def check_weights(count: int, sizes: str) -> None:
    """Refuses so many weights if they do not fit into memory; on torch's "meta" device anything fits.

    Args:
        count: How many.
        sizes: What makes them so many, for the message.

    Raises:
        ValueError: they do not fit.
    """
    there = _memory()
    if count * BYTES > there and torch.get_default_device().type != "meta":
        raise ValueError(
            f"{sizes} make {count:,} weights or more, {count * BYTES / 1e9:,.0f} GB, and this machine has "
            f"{there / 1e9:,.0f} GB; expected smaller sizes"
        )


@cache
def _recurrent(spec: CellSpec) -> int:
    """Blocks of recurrent weights of a cell, or of the cells within it."""
    with torch.device("meta"):
        parts = spec.build(1, spec.width_step).modules()
    return sum(len(part.recurrent_gates) for part in parts if isinstance(part, Cell) and part.gates)


@cache
def _memory() -> float:
    """Bytes of memory of this machine; infinity where it does not say."""
    known = hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) if known else float("inf")
