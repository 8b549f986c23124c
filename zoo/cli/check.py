"""Finds a misspelt key before anything is built, and says what it should have been."""

import contextlib
import importlib
import inspect
import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import lightning.pytorch as pl

from zoo.cli.errors import UserError
from zoo.cli.given import SPELLED, Given, listed, merge
from zoo.cli.names import KINDS, subclasses
from zoo.registry import nearest
from zoo.tasks.base import Task

MOST_LISTED = 12
"""Options that a message lists."""


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
        for item in listed(trainer.get(place)):
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
    _check_keys(given, merge(value.get("init_args") or {}, others), cls, place)


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


def _is_task(model: Any) -> bool:
    cls = _class(model if isinstance(model, str) else model.get("class_path", ""), pl.LightningModule)
    return cls is not None and issubclass(cls, Task)


def _expect(options: Iterable[str]) -> str:
    names = list(options)
    more = ", ..." if len(names) > MOST_LISTED else ""
    return "expected one of " + ", ".join(names[:MOST_LISTED]) + more
