"""Named arrays, each of which is to find its place."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from zoo.registry import nearest

MOST_LISTED = 32
"""Names that an error lists."""


@final
class Weights:
    """Arrays by name, of which a layout takes those that it knows.

    Names in nested mappings are joined by "/"; the arrays of a sequence are called by their numbers.

    Args:
        given: Name -> array or nested mapping; or a sequence of arrays.
        part: How the names begin that are meant; it is cut off.

    Attributes:
        is_sequence: Whether the arrays came without names.

    Raises:
        ValueError: there are no arrays, or none of that part.
    """

    def __init__(self, given: Mapping[str, Any] | Sequence[Any], part: str = "") -> None:
        self._part = part
        self.is_sequence = not isinstance(given, Mapping)
        arrays = dict(_flat(given if isinstance(given, Mapping) else dict(enumerate(given))))
        begin = re.compile(rf"{re.escape(part.rstrip('./'))}[./]" if part else "")
        self._full = {begin.sub("", name, count=1): name for name in arrays if begin.match(name)}
        self._arrays = {name: arrays[full] for name, full in self._full.items()}
        self._left = dict.fromkeys(self._arrays)
        if not self._arrays:
            got = listed(arrays) if arrays else "no arrays"
            raise ValueError(f"no weights begin with {part!r}, got {got}; expected a name and its arrays")

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def full(self, name: str) -> str:
        """A name with the part in front, as it was given."""
        return self._full[name]

    def take(self, name: str, *shape: int) -> Tensor:
        """The array of this name.

        Args:
            name: Without the part.
            shape: Its expected shape, -1 for any size; nothing for any shape.

        Raises:
            ValueError: it is missing, has another shape, or holds no floating-point numbers.
        """
        if name not in self._arrays:
            hint = nearest(name, self._left) or ";"
            where = f" of {self._part!r}" if self._part else ""
            raise ValueError(
                f"there is no {name!r} among the weights{where}{hint} got {listed(self._arrays)}"
            )
        tensor = _tensor(self.full(name), self._arrays[name])
        if shape and not _fits(tensor, shape):
            wanted = ", ".join("any" if size == -1 else str(size) for size in shape)
            raise ValueError(
                f"{self.full(name)!r} has shape {tuple(tensor.shape)}; expected ({wanted}) beside the others"
            )
        self._left.pop(name, None)
        return tensor

    def check_all_taken(self, layout: str) -> None:
        """Raises ValueError where an array was not taken, for what it does would be missing."""
        if self._left:
            left = listed(self.full(name) for name in self._left)
            raise ValueError(
                f"layout {layout!r} has no place for {left}, without which something else would be computed; "
                f"expected weights that it knows, or `part`, which says what is meant"
            )


def listed(names: Iterable[str]) -> str:
    """Names for a message, once for all that differ in their numbers only."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(re.sub(r"(?<=[./])\d+(?=[./])", "*", name), []).append(name)
    said = [
        repr(each[0]) if len(each) == 1 else f"{pattern!r} ({len(each)} of them)"
        for pattern, each in alike.items()
    ]
    more = f" and {len(said) - MOST_LISTED} others" if len(said) > MOST_LISTED else ""
    return ", ".join(said[:MOST_LISTED]) + more


def _flat(given: Mapping[Any, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in given.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{key}/")
        else:
            yield f"{path}{key}", value


def _fits(tensor: Tensor, shape: Sequence[int]) -> bool:
    return tensor.dim() == len(shape) and all(
        size in (-1, own) for size, own in zip(shape, tensor.shape, strict=True)
    )


def _tensor(name: str, array: Any) -> Tensor:
    """A tensor of its own, of a tensor or of what numpy takes for an array."""
    try:
        tensor = array.detach().clone() if isinstance(array, Tensor) else torch.from_numpy(np.array(array))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name!r} is a {type(array).__name__} that torch cannot read; expected an array"
        ) from error
    if not tensor.is_floating_point():
        raise ValueError(f"{name!r} has type {tensor.dtype}; expected floating-point numbers")
    return tensor
