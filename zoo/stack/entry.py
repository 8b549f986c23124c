"""What a state that is given to a stack must be."""

import torch
from torch import Tensor

from zoo.stack.layer import Direction


def check_entry(entry: object, way: Direction, k: int, batch_size: int) -> None:
    """Checks the state of one direction of layer k.

    Raises:
        ValueError: it is of another form, shape or type than the cell's.
    """
    sizes, own = way.cell.state_sizes, way.cell.weight_ih.dtype
    if (
        isinstance(entry, tuple)
        and len(entry) == len(sizes)
        and all(
            isinstance(part, Tensor) and part.shape == (batch_size, width) and part.dtype == own
            for part, width in zip(entry, sizes, strict=True)
        )
    ):
        return
    expected = [(batch_size, width) for width in sizes]
    if not isinstance(entry, tuple) or not all(isinstance(part, Tensor) for part in entry):
        raise ValueError(
            f"state of layer {k} is a {type(entry).__name__}; expected tensors of shapes {expected}"
        )
    got = [tuple(part.shape) for part in entry]
    if got != expected:
        raise ValueError(f"state of layer {k} has shapes {got}; expected {expected}")
    other = [part.dtype for part in entry if part.dtype != own]
    if other and not torch.is_autocast_enabled(way.cell.weight_ih.device.type):
        raise ValueError(f"state of layer {k} has type {other[0]}; expected {own}, as the weights")
