"""Weights carried from other libraries to the zoo, and back."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import torch

from zoo.cells import CellSpec, cell_spec
from zoo.layouts.base import LAYOUTS
from zoo.layouts.files import read_file
from zoo.layouts.weights import Weights
from zoo.model import Model
from zoo.stack import Stack


@torch.no_grad()
def from_weights(
    layout: str,
    weights: Mapping[str, Any] | Sequence[Any] | str | PathLike[str],
    *,
    part: str = "",
    cell: CellSpec | str | None = None,
) -> Stack | Model:
    """A stack, or of a language model the whole model, with the weights of another library.

    It computes what the library does from the same weights. Dropout is not among weights and is 0.

    Args:
        layout: How they are named and ordered: "torch", "keras", "flax", ...; `zoo list layouts`.
        weights: Name -> array, of numpy or torch, also nested; the arrays of a layer in its own order, where
            the library gives them so; or a file: `.pt` and `.pth`, which are read as data, `.npz`,
            `.safetensors` or `.h5`, for which their packages are needed; of weights in several files
            their index, `.safetensors.index.json`.
        part: How the names begin that are meant, such as "encoder.lstm"; all others are left alone.
        cell: The cell, where the weights do not say all of it: `ElmanSpec(activation="relu")`.

    Raises:
        ValueError: the weights are not those of something that the zoo has, one of them has no place in it,
            or the file cannot be read.
        UnknownNameError: there is no such layout or cell.
    """
    reader = LAYOUTS[layout]()
    given = read_file(weights) if isinstance(weights, str | PathLike) else weights
    found = Weights(given, part)
    module = reader.read(found, None if cell is None else cell_spec(cell))
    found.check_all_taken(layout)
    return module


@torch.no_grad()
def to_weights(layout: str, module: Stack | Model) -> dict[str, Any]:
    """The weights of a stack or a model, as another library takes them.

    Args:
        layout: As for `from_weights`.
        module: A stack; for the layout of a language model a model.

    Returns:
        Name -> array: tensors for torch, arrays of numpy for others, nested where the library's are.

    Raises:
        ValueError: the library has nothing that computes what this does.
        UnknownNameError: there is no such layout.
    """
    return LAYOUTS[layout]().write(module)
