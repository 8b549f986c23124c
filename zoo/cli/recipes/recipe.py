"""What the user gave: recipe files and options, each read once, joined into one recipe."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from zoo.cli.errors import UserError
from zoo.cli.recipes.listing import find, is_recipe
from zoo.cli.recipes.merge import SPELLED, WHOLE, merge
from zoo.cli.recipes.plain_yaml import load, read
from zoo.cli.recipes.resolve import Recipe, nested, resolve, resolve_option, shown_part

SHORT = {"-c": "--config", "-h": "--help"}
LAST = "last"
"""What the user gives as the path of a checkpoint for the newest one."""
HELP, PRINT = "help", "print_config"
"""Options that ask to be shown something."""
Option = tuple[str, str | None]
"""A dotted key and its value as it was typed; None where nothing was."""


@dataclass(frozen=True)
class RecipeInputs:
    """What the user gave: recipe files, and options of the command line, which win.

    Attributes:
        files: The recipes, first to last.
        options: Dotted keys and values, first to last.
        shown: Arguments that ask to be shown something instead, such as --help.
    """

    files: Sequence[Path]
    options: Sequence[Option]
    shown: Sequence[str] = ()

    @classmethod
    def of(cls, arguments: Sequence[str]) -> "RecipeInputs":
        """What command-line arguments give.

        Raises:
            UserError: --config stands alone, its file is none, or an argument belongs to no option.
            UnknownNameError: there is no recipe of that name, or no part to show the options of.
        """
        files: list[Path] = []
        options: list[Option] = []
        shown: list[str] = []
        for key, value in _pairs(arguments):
            if key == "config":
                if not value:
                    raise UserError("--config needs the file or the name of a recipe (`zoo list recipes`)")
                files.append(find(value))
            elif _shows(key):
                shown.append(f"--{key}" if value is None else f"--{key}={shown_part(key, value)}")
            else:
                options.append((key, value))
        return cls(files, options, shown)

    @property
    def asks_for_help(self) -> bool:
        """Whether options are to be shown, for which nothing need be right."""
        return any(not each.startswith(f"--{PRINT}") for each in self.shown)

    @property
    def checkpoint(self) -> str | None:
        """The checkpoint's file that the command line names."""
        path = dict(self.options).get("ckpt_path")
        return None if path in (None, "", LAST) else path

    @cached_property
    def recipes(self) -> list[Recipe]:
        """What the files hold, with import paths in place of names.

        Raises:
            UserError: a file cannot be read as a recipe, or names what no recipe may name.
            UnknownNameError: it names a part that there is not.
        """
        found: list[Recipe] = []
        for path in self.files:
            found.append(resolve(read(path), found))
        return found

    @cached_property
    def merged(self) -> Recipe:
        """All of it as one recipe, as plain data; raises what `recipes` does."""
        return self._joined(as_typed=False)

    @cached_property
    def as_typed(self) -> Recipe:
        """The same, with numbers of the command line as texts, for a folder may be called 2024."""
        return self._joined(as_typed=True)

    @cached_property
    def _values(self) -> list[Any]:
        """What the options' texts stand for."""
        return [_value(text) if text else text for _, text in self.options]

    def _joined(self, as_typed: bool) -> Recipe:
        joined: Recipe = {}
        for recipe in self.recipes:
            joined = merge(joined, recipe)
        for (key, text), value in zip(self.options, self._values, strict=True):
            keys, is_number = key.split("."), isinstance(value, bool | int | float)
            layer = nested(keys, text) if is_number and as_typed else resolve_option(keys, value, [joined])
            joined = merge(joined, layer, whole=() if set(keys[:-1]) & set(WHOLE) else WHOLE)
        return joined

    def key_of(self, text: str) -> str:
        """The dotted key of the first value that reads like this, or "a value"."""
        leaves = [*_leaves(self.merged), *_leaves(self.as_typed)]
        return next((key for key, value in leaves if str(value) == text), "a value")

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


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys, as on the command line, and plain values."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        spelled = key in SPELLED or isinstance(key, int)
        yield from _leaves(item, place if spelled else f"{place}.{key}".lstrip("."))
    if not isinstance(value, dict | list):
        yield place, value


def _value(text: str) -> Any:
    try:
        return load(text)
    except yaml.YAMLError:
        return text


def _pairs(arguments: Sequence[str]) -> Iterator[Option]:
    """Each option with its value, which follows it or a sign of equality.

    Raises:
        UserError: an argument belongs to no option.
    """
    rest = list(arguments)
    while rest:
        key, equals, value = rest.pop(0).partition("=")
        key = SHORT.get(key, key)
        if not key.startswith("--"):
            strays = [
                key + equals + value,
                *itertools.takewhile(lambda each: not each.startswith("--"), rest),
            ]
            hint = f"; did you mean --config {strays[0]}?" if is_recipe(strays[0]) else ""
            raise UserError(f"unrecognized arguments: {' '.join(strays)}{hint}")
        key = key[2:]
        if equals:
            yield key, value
        elif not rest or rest[0].startswith("--") or key in (HELP, PRINT):
            yield key, None
        else:
            yield key, rest.pop(0)


def _shows(key: str) -> bool:
    return key in (HELP, PRINT) or key.endswith(f".{HELP}")
