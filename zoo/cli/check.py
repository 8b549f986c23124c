"""Finds a misspelt key before anything is built, and says what it should have been."""

import contextlib
import importlib
import inspect
import math
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import lightning.pytorch as pl
import yaml

from zoo.cli.errors import UserError
from zoo.cli.names import KINDS, subclasses, translate
from zoo.cli.recipes import load, read
from zoo.registry import nearest
from zoo.tasks.base import Task

MOST_LISTED = 12
SPELLED = ("class_path", "init_args", "dict_kwargs")


@dataclass(frozen=True)
class Given:
    """What the user gave: recipe files, and options of the command line, which win.

    Attributes:
        files: The recipes, first to last.
        options: Dotted keys and values, first to last.
    """

    files: Sequence[Path]
    options: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, arguments: Sequence[str]) -> "Given":
        """What translated command-line arguments give.

        Raises:
            UserError: --config stands alone.
        """
        pairs = list(_pairs(arguments))
        if any(key == "config" and not value for key, value in pairs):
            raise UserError("--config needs the file or the name of a recipe (`zoo list recipes`)")
        files = [Path(value) for key, value in pairs if key == "config"]
        return cls(files, [(key, value) for key, value in pairs if key not in ("config", "print_config")])

    def merged(self) -> dict[str, Any]:
        """All of it as one recipe.

        Raises:
            UserError: a file cannot be read as a recipe.
        """
        recipe: dict[str, Any] = {}
        for path in self.files:
            recipe = _merge(recipe, translate(read(path)))
        for key, text in self.options:
            recipe = _merge(recipe, _nested(key.split("."), _value(text)))
        return recipe

    def key_of(self, text: str) -> str:
        """The dotted key of the first value that reads like this, or "a value"."""
        keys = (key for key, value in _leaves(self.merged()) if str(value) == text)
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


def check(given: Given, sections: Iterable[str]) -> None:
    """Refuses keys that nothing takes and values that Lightning would ignore.

    Args:
        given: What the user gave.
        sections: The top-level keys that there are.

    Raises:
        UserError: says what is wrong, where, and what was probably meant.
    """
    recipe = given.merged()
    known = sorted(sections)
    for key in recipe:
        if key not in known:
            raise UserError(
                f"{given.place(key)}unknown key {key!r}{nearest(key, known) or ';'} {_expect(known)}"
            )
    if recipe.get("model") is None:
        raise UserError(
            "no model; name one in a recipe (--config FILE, `zoo list recipes`) or with --model (`zoo list "
            "tasks`)"
        )
    if recipe.get("data") is None and _is_task(recipe["model"]):
        raise UserError("no data; name some in a recipe (--config FILE) or with --data (`zoo list data`)")
    for place, value in (("model", recipe["model"]), ("data", recipe.get("data"))):
        _check_part(given, value, KINDS[place].base, place)
    if isinstance(recipe.get("trainer"), dict):
        _check_trainer(given, recipe["trainer"])


def _check_trainer(given: Given, trainer: dict[str, Any]) -> None:
    _check_keys(given, trainer, pl.Trainer, "trainer")
    for place in ("callbacks", "logger"):
        for item in _listed(trainer.get(place)):
            _check_part(given, item, KINDS[f"trainer.{place}"].base, f"trainer.{place}")
    limit = trainer.get("gradient_clip_val")
    if isinstance(limit, int | float) and not (0 <= limit < math.inf):
        raise UserError(
            f"{given.place('gradient_clip_val')}trainer.gradient_clip_val is {limit}; expected "
            f"0 or more (below 0, Lightning clips nothing)"
        )


def _check_part(given: Given, value: Any, base: type, place: str) -> None:
    """Checks the arguments of a part whose class the value names."""
    if not isinstance(value, dict):
        return
    cls = _class(value.get("class_path", ""), base)
    if cls is None:
        return
    others = {key: inner for key, inner in value.items() if key not in SPELLED}
    _check_keys(given, _merge(value.get("init_args") or {}, others), cls, place)


def _check_keys(given: Given, arguments: dict[str, Any], cls: type, place: str) -> None:
    options = _options(cls)
    if options is None:
        return
    for key, value in arguments.items():
        if key not in options:
            raise UserError(
                f"{given.place(f'{place}.{key}')}{place}: {cls.__name__} has no option {key!r}"
                f"{nearest(key, options) or ';'} {_expect(options)}"
            )
        _check_specs(given, value, options[key], f"{place}.{key}")


def _check_specs(given: Given, value: Any, annotation: Any, place: str) -> None:
    """Checks the fields of specs, at any depth."""
    if isinstance(value, list):
        for item in value:
            _check_specs(given, item, annotation, place)
    if not isinstance(value, dict):
        return
    for spec in _specs(annotation):
        if not inspect.isabstract(spec) and not spec.__subclasses__() and "class_path" not in value:
            _check_keys(given, value, spec, place)
        else:
            _check_part(given, value, spec, place)


def _options(cls: type) -> dict[str, Any] | None:
    """The arguments of a class and their types; None where it takes any."""
    if is_dataclass(cls):
        hints = get_type_hints(cls)
        return {field.name: hints[field.name] for field in fields(cls) if field.init}
    parameters = inspect.signature(cls).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return {parameter.name: parameter.annotation for parameter in parameters}


def _specs(annotation: Any) -> Iterator[type]:
    """The dataclasses in a type, through unions and lists."""
    if is_dataclass(annotation) and isinstance(annotation, type):
        yield annotation
    for inner in get_args(annotation):
        yield from _specs(inner)


def _class(path: str, base: type) -> type | None:
    """The class of that import path or name, if it is imported."""
    module, _, name = path.rpartition(".")
    if not module:
        return next((cls for cls in subclasses(base) if cls.__name__ == name), None)
    if module.partition(".")[0] == "zoo":
        with contextlib.suppress(ModuleNotFoundError):  # jsonargparse says what is wrong with the path
            importlib.import_module(module)
    found = vars(sys.modules[module]).get(name) if module in sys.modules else None
    return found if isinstance(found, type) and issubclass(found, base) else None


def _merge(old: Any, new: Any) -> Any:
    """`new` over `old`: mappings are joined, and options after a list belong to its last item."""
    if not isinstance(new, dict):
        return new
    if isinstance(old, list) and old:
        return [*old[:-1], _merge(old[-1], new)]
    if isinstance(old, str):
        old = {"class_path": old}
    old = old if isinstance(old, dict) else {}
    joined = dict(old)
    for key, value in new.items():
        if key.endswith("+"):
            joined[key[:-1]] = [*_listed(old.get(key[:-1])), *_listed(value)]
        else:
            joined[key] = _merge(old.get(key), value)
    return joined


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None or isinstance(value, bool) else [value]


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


def _is_task(model: Any) -> bool:
    cls = _class(model if isinstance(model, str) else model.get("class_path", ""), pl.LightningModule)
    return cls is not None and issubclass(cls, Task)


def _expect(options: Iterable[str]) -> str:
    listed = list(options)
    more = ", ..." if len(listed) > MOST_LISTED else ""
    return "expected one of " + ", ".join(listed[:MOST_LISTED]) + more
