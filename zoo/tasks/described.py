"""A value in words, for errors: its type, and the names, shapes and types of the tensors in it."""

from collections.abc import Iterable, Mapping, Sequence

from torch import Tensor

MOST_SHOWN = 6
"""How many entries of a batch are shown."""


def described(value: object) -> str:
    """What a batch is: "a dict of x (8, 5, 3) float32, y (8,) int64"."""
    if isinstance(value, Tensor):
        return f"a tensor {_brief(value)}"
    name = with_article(type(value).__name__)
    if isinstance(value, Mapping):
        return f"{name} of {_listed([f'{key} {_brief(each)}' for key, each in value.items()])}"
    if isinstance(value, list | tuple):
        return f"{name} of {_listed([_brief(each) for each in value])}"
    return name


def with_article(name: str) -> str:
    """The name of a type with its article: "a list", "an int"."""
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"


def shape_words(axes: Iterable[str | int]) -> str:
    """A shape, whose axes may be letters: "(B, T, 3)", "(B,)"."""
    sizes = [str(axis) for axis in axes]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def type_words(value: Tensor) -> str:
    """The type of a tensor's numbers: "float32"."""
    return str(value.dtype).removeprefix("torch.")


def _brief(value: object) -> str:
    if isinstance(value, Tensor):
        return f"{shape_words(value.shape)} {type_words(value)}"
    return type(value).__name__


def _listed(parts: Sequence[str]) -> str:
    more = f" and {len(parts) - MOST_SHOWN} more" if len(parts) > MOST_SHOWN else ""
    return ", ".join(parts[:MOST_SHOWN]) + more if parts else "nothing"
