"""Registered names and class names in recipes and on the command line, as import paths."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from jsonargparse import set_parsing_settings
from lightning.pytorch.loggers import Logger

from zoo.callbacks import CALLBACKS
from zoo.cells import CELLS
from zoo.cli.recipes import find
from zoo.data import DATA
from zoo.registry import Registry, Spec, UnknownNameError, nearest
from zoo.tasks import TASKS
from zoo.wiring import WIRINGS

LOGGERS: Registry[Any] = Registry("logger")
LOGGERS.declare("wandb", "zoo.tracking:WandbLogger")


@dataclass(frozen=True)
class Kind:
    """A place in a recipe where a part is named.

    Attributes:
        noun: What stands there, for messages.
        registry: The zoo's parts of this kind.
        base: What any class named there must derive from.
    """

    noun: str
    registry: Registry[Any]
    base: type


KINDS = {
    "model": Kind("model", TASKS, pl.LightningModule),
    "data": Kind("data module", DATA, pl.LightningDataModule),
    "trainer.callbacks": Kind("callback", CALLBACKS, pl.Callback),
    "trainer.logger": Kind("logger", LOGGERS, Logger),
}
PARTS: dict[str, Registry[Any]] = {"cell": CELLS, "wiring": WIRINGS}


def resolve(kind: Kind, name: str) -> str:
    """The import path of a part, or the name itself where jsonargparse can find its class.

    Raises:
        UnknownNameError: no part and no known class has that name.
    """
    if "." in name or not name:
        return name
    classes = {key: kind.registry.target(key).replace(":", ".") for key in kind.registry.names()}
    for key, path in classes.items():
        if name in (key, path.rpartition(".")[2]):
            return _allowed(path)
    others = [derived.__name__ for derived in subclasses(kind.base)]
    if name in others:
        return name
    known = [*classes, *(path.rpartition(".")[2] for path in classes.values())]
    hint = nearest(name, [*known, *sorted(others)]) or ";"
    raise UnknownNameError(f"unknown {kind.noun} {name!r}{hint} Known: {', '.join(classes)}")


def subclasses(base: type) -> Iterator[type]:
    """All classes that derive from `base` and are not private."""
    derived: type
    for derived in base.__subclasses__():
        if not derived.__name__.startswith("_") and "<locals>" not in derived.__qualname__:
            yield derived
        yield from subclasses(derived)


def translate(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe with import paths where it has names.

    Raises:
        UnknownNameError: no part has a name that it mentions.
    """
    translated = dict(recipe)
    for place, kind in KINDS.items():
        section, _, key = place.partition(".")
        if not key and section in translated:
            translated[section] = _part(kind, translated[section])
        elif isinstance(translated.get(section), dict):
            inner = translated[section]
            translated[section] = {
                name: _part(kind, value) if name.removesuffix("+") == key else value
                for name, value in inner.items()
            }
    if _is_task(translated.get("model")):
        translated["model"] = _with_specs(translated["model"])
    return translated


def translate_argument(option: str, value: str) -> str:
    """The value of a command-line option with an import path in place of a name.

    Raises:
        UnknownNameError: no part has that name.
    """
    place = option.removeprefix("--").removesuffix(".help").removesuffix("+")
    if place == "config":
        return str(find(value))
    if place in KINDS and value[:1] not in "[{" and value.lower() not in ("true", "false", "null"):
        return value if Path(value).is_file() else resolve(KINDS[place], value)
    owner, _, part = place.rpartition(".")
    if owner.endswith(".encoder") and part in PARTS:
        path = _spec_path(PARTS[part], value)
        return value if path is None else path
    return value


def _part(kind: Kind, value: Any) -> Any:
    """A part given as a name, as a class with its arguments, or a list of these."""
    if isinstance(value, str):
        return resolve(kind, value)
    if isinstance(value, list):
        return [_part(kind, item) for item in value]
    if isinstance(value, dict) and isinstance(value.get("class_path"), str):
        return {**value, "class_path": resolve(kind, value["class_path"])}
    return value


def _is_task(model: Any) -> bool:
    path = model.get("class_path") if isinstance(model, dict) else model
    return path in {TASKS.target(name).replace(":", ".") for name in TASKS.names()}


def _with_specs(value: Any) -> Any:
    """The value with specs in place of the names of cells and wirings, at any depth."""
    if isinstance(value, list):
        return [_with_specs(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _specs(PARTS[key], inner) if key in PARTS else _with_specs(inner) for key, inner in value.items()
    }


def _specs(registry: Registry[Any], value: Any) -> Any:
    """One spec, or a list of them; what names no part stays, to be refused by the stack."""
    if isinstance(value, list):
        return [_specs(registry, item) for item in value]
    if isinstance(value, str):
        path = _spec_path(registry, value)
        return value if path is None else {"class_path": path}
    if isinstance(value, dict) and "name" in value and "class_path" not in value:
        options = {key: option for key, option in value.items() if key != "name"}
        return {"class_path": _spec_path(registry, value["name"]) or value["name"], "init_args": options}
    if isinstance(value, dict) and isinstance(value.get("class_path"), str):
        path = _spec_path(registry, value["class_path"])
        if path is None and "." not in value["class_path"]:
            raise UnknownNameError(registry.unknown(value["class_path"]))
        return {**value, "class_path": path or value["class_path"]}
    return value


def _spec_path(registry: Registry[Any], name: str) -> str | None:
    """The import path of a part's spec, by the name of the part, of its class, or of its spec."""
    for key in registry.names():
        part = registry[key]
        spec: type[Spec] = part.spec_class
        if name in (key, part.__name__, spec.__name__):
            return _allowed(f"{spec.__module__}.{spec.__qualname__}")
    return None


def _allowed(path: str) -> str:
    """The path, which may be imported from now on: a registered part is installed or was let in."""
    allow([path.rpartition(".")[0]])
    return path


def allow(modules: Iterable[str]) -> None:
    """Lets recipes import from these modules."""
    set_parsing_settings(import_path_allowlist=list(modules))
