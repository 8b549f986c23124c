"""Refuses sizes whose weights this machine could not hold, before any of them is allocated."""

import os
from functools import cache

import torch

from zoo.cells import CellSpec
from zoo.stack.spec import StackSpec

BYTES = 4
"""Of a weight in single precision; gradients and an optimiser take several times that, activations more."""
SMALL = 32
"""Size from which on cells are counted: below, options such as a rank may not fit into it."""


def check_stack(spec: StackSpec, input_size: int) -> None:
    """Refuses a stack whose weights do not fit into memory.

    Raises:
        ValueError: says which sizes, how much memory they take, and how much there is.
    """
    width, weights = input_size, 0
    for k, (cell, way, size) in enumerate(zip(spec.cells, spec.directions, spec.hidden_sizes, strict=True)):
        ways = 1 + (way == "bidirectional")
        weights += ways * _weights(cell, width, size)
        width = _output_size(cell, size)
        for switch in spec.switches_of(k):
            width = switch.output_size(width)
        width *= ways if spec.merge == "concat" else 1
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


def _weights(spec: CellSpec, width: int, size: int) -> int:
    """Weights of a cell of this size, by the quadratic that goes through what small cells have."""
    unit = _unit(spec)
    w, s = width / (unit - 1) - 1, size / unit - 1
    if width == size:  # some cells have fewer weights then
        first, second, third = (_small(spec, k * unit, k * unit)[0] for k in (1, 2, 3))
        return int(_along(first, second, third, s))
    one, wide, wider, tall, taller, both = (
        _small(spec, j * (unit - 1), k * unit)[0] for j, k in ((1, 1), (2, 1), (3, 1), (1, 2), (1, 3), (2, 2))
    )
    return int(
        _along(one, wide, wider, w)
        + _along(0, tall - one, taller - one, s)
        + w * s * (both - wide - tall + one)
    )


def _output_size(spec: CellSpec, size: int) -> int:
    """Width of the outputs of a cell of this size, by the line through those of two small ones."""
    unit = _unit(spec)
    first, second = (_small(spec, unit - 1, k * unit)[1] for k in (1, 2))
    return first + (second - first) * (size - unit) // unit


def _along(first: int, second: int, third: int, t: float) -> float:
    """The parabola with these values at 0, 1 and 2."""
    return first + t * (second - first) + t * (t - 1) / 2 * (third - 2 * second + first)


def _unit(spec: CellSpec) -> int:
    return -(-SMALL // spec.width_step) * spec.width_step


@cache
def _small(spec: CellSpec, width: int, size: int) -> tuple[int, int]:
    """Weights and width of the outputs of a cell that takes no memory."""
    with torch.device("meta"):
        cell = spec.build(width, size)
    return sum(weight.numel() for weight in cell.parameters()), cell.output_size


@cache
def _memory() -> float:
    """Bytes of memory of this machine; infinity where it does not say."""
    known = hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) if known else float("inf")
