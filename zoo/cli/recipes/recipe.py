"""What the user gave: recipe files and options, joined into one recipe."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from zoo.cli.errors import UserError
from zoo.cli.recipes.plain_yaml import load, read
from zoo.cli.recipes.resolve import Recipe, resolve

SPELLED = ("class_path", "init_args", "dict_kwargs")
"""Keys by which a recipe names a class and its arguments."""


@dataclass(frozen=True)
class RecipeInputs:
    """What the user gave: recipe files, and options of the command line, which win.

    Attributes:
        files: The recipes, first to last.
        options: Dotted keys and values, first to last.
    """

    files: Sequence[Path]
    options: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, arguments: Sequence[str]) -> "RecipeInputs":
        """What translated command-line arguments give.

        Raises:
            UserError: --config stands alone.
        """
        pairs = list(_pairs(arguments))
        if any(key == "config" and not value for key, value in pairs):
            raise UserError("--config needs the file or the name of a recipe (`zoo list recipes`)")
        files = [Path(value) for key, value in pairs if key == "config"]
        return cls(files, [(key, value) for key, value in pairs if key not in ("config", "print_config")])

    @cached_property
    def recipes(self) -> list[Recipe]:
        """What the files hold, with import paths in place of names.

        Raises:
            UserError: a file cannot be read as a recipe, or names what no recipe may name.
            UnknownNameError: it names a part that there is not.
        """
        return [resolve(read(path)) for path in self.files]

    @cached_property
    def merged(self) -> Recipe:
        """All of it as one recipe; raises what `recipes` does."""
        merged: Recipe = {}
        for recipe in self.recipes:
            merged = merge(merged, recipe)
        for key, text in self.options:
            merged = merge(merged, resolve(_nested(key.split("."), _value(text))))
        return merged

    def key_of(self, text: str) -> str:
        """The dotted key of the first value that reads like this, or "a value"."""
        keys = (key for key, value in _leaves(self.merged) if str(value) == text)
        return next(keys, "a value")

    def place(self, key: str) -> str:
        """Where a key stands: the file and line, or nothing for one of the command line."""
        last = key.rpartition(".")[2]
        if any(last in option.split(".") for option, _ in self.options):
            return ""
        for path in self.files:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if re.search(rf"(?<![\w.]){re.escape(last)}\s*:", line.partition("#")[0]):
                    return f"{path}, line {number}: "
        return ""


def merge(old: Any, new: Any) -> Any:
    """`new` over `old`: mappings are joined, and options after a list belong to its last item."""
    if not isinstance(new, dict):
        return new
    if isinstance(old, list) and old:
        return [*old[:-1], merge(old[-1], new)]
    if isinstance(old, str):
        old = {"class_path": old}
    old = old if isinstance(old, dict) else {}
    joined = dict(old)
    for key, value in new.items():
        if key.endswith("+"):
            joined[key[:-1]] = [*listed(old.get(key[:-1])), *listed(value)]
        else:
            joined[key] = merge(old.get(key), value)
    return joined


def listed(value: Any) -> list[Any]:
    """A list of what may be one, many, or none; true and false are none."""
    if value is None or isinstance(value, bool):
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys, as on the command line, and plain values."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        spelled = key in SPELLED or isinstance(key, int)
        yield from _leaves(item, place if spelled else f"{place}.{key}".lstrip("."))
    if not isinstance(value, dict | list):
        yield place, value


def _nested(keys: list[str], value: Any) -> Any:
    for key in reversed(keys):
        value = {key: value}
    return value


def _value(text: str) -> Any:
    try:
        return load(text)
    except yaml.YAMLError:
        return text


def _pairs(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options among arguments, with what follows them."""
    for argument, after in zip(arguments, [*arguments[1:], ""], strict=False):
        if argument.startswith("--"):
            key, equals, value = argument[2:].partition("=")
            yield key, value if equals else ("" if after.startswith("--") else after)
