"""The schema of recipes as a whole: sections, parts by name, and the options of each."""

import importlib
import inspect
from collections.abc import Collection, Mapping
from typing import Any, final, get_type_hints

from zoo.cli.recipes.allowlist import KINDS, PLACES, class_of, specs_of
from zoo.cli.recipes.check import TRAINER
from zoo.cli.schema.annotations import Schema, of_type, specs_in
from zoo.registry.source import Source
from zoo.tasks.optimisation import OPTIMIZERS, SCHEDULES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
WORDS: dict[str, list[Schema]] = {
    "trainer.callbacks": [{"type": "null"}],
    "trainer.logger": [{"type": ["boolean", "null"]}],
    "trainer.strategy": [{"type": "string"}],
    "trainer.profiler": [{"type": ["string", "null"]}],
    "trainer.plugins": [{"type": ["string", "null"]}],
}
"""Place -> what it takes beside parts."""
MADE_BY_NAME: dict[str, Collection[str]] = {"OptimizerSpec": OPTIMIZERS, "ScheduleSpec": SCHEDULES}
"""Specs that name a class of torch, by the names that there are."""


@final
class Document:
    """Collects the definitions that a schema is made of."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def whole(self) -> Schema:
        """The schema of a recipe."""
        for key in sorted(set(PLACES.values())):
            self.definitions[key] = self._part_of_stack(key)
        sections: dict[str, Schema] = {
            "seed_everything": {"type": ["integer", "boolean", "null"]},
            **{place: self._place(place) for place in ("model", "data")},
            "trainer": self._trainer(),
            "ckpt_path": {"type": ["string", "null"]},
            "test_after_fit": {"type": "boolean"},
        }
        return {
            "$schema": DIALECT,
            "title": "Recipe of recurrent-zoo",
            "type": "object",
            "properties": sections,
            "additionalProperties": False,
            "$defs": dict(sorted(self.definitions.items())),
        }

    def _trainer(self) -> Schema:
        options = self._options(TRAINER.replace(":", "."))
        for place in KINDS:
            section, _, key = place.partition(".")
            if section == "trainer":
                one = self._place(place)
                many = {"anyOf": [one, {"type": "array", "items": one}]}
                options["properties"] |= {key: many, f"{key}+": many}
        return options

    def _place(self, place: str) -> Schema:
        """A part by its name, or by class_path and init_args."""
        kind = KINDS[place]
        named = {**kind.paths, **kind.own}
        return {"anyOf": [*self._by_name(named), *WORDS.get(place, [])]}

    def _part_of_stack(self, key: str) -> Schema:
        """A cell, wiring or switch: as other parts, or by its name with options beside it."""
        named = specs_of(key)
        targets = {path: [name for name in named if named[name] == path] for path in named.values()}
        beside = [
            {"if": {"properties": {"name": {"enum": names}}}, "then": self._define(path, also="name")}
            for path, names in targets.items()
        ]
        head = {"properties": {"name": {"enum": sorted(named)}}, "required": ["name"]}
        return {"anyOf": [*self._by_name(named), {"type": "object", **head, "allOf": beside}]}

    def _by_name(self, named: Mapping[str, str]) -> list[Schema]:
        """The name alone, and the name with options."""
        targets = {path: [name for name in named if named[name] == path] for path in named.values()}
        chosen = [
            {
                "if": {"properties": {"class_path": {"enum": names}}},
                "then": {"properties": {"init_args": self._define(path)}},
            }
            for path, names in targets.items()
        ]
        names = {"enum": sorted(named)}
        spelled = {
            "type": "object",
            "properties": {"class_path": names, "init_args": {"type": "object"}},
            "required": ["class_path"],
            "additionalProperties": False,
            "allOf": chosen,
        }
        return [names, spelled]

    def _define(self, path: str, also: str = "") -> Schema:
        """A reference to the options of a class, which are defined if they are not yet.

        Args:
            path: Of its import.
            also: A key that stands beside them.
        """
        name = class_of(path) + (f".{also}" if also else "")
        if name not in self.definitions:
            self.definitions[name] = {}  # a spec may hold others of its kind
            self.definitions[name] = self._options(path)
            if also:
                self.definitions[name]["properties"] |= {also: True}
        return {"$ref": f"#/$defs/{name}"}

    def _options(self, path: str) -> Schema:
        """What a class takes, with what is said of it."""
        module, _, name = path.rpartition(".")
        cls = vars(importlib.import_module(module))[name]
        parameters = inspect.signature(cls).parameters
        types = get_type_hints(cls.__init__)
        source = Source.of(f"{cls.__module__}:{name}")
        about = {argument.name: argument.about for argument in source.arguments() or ()}
        found = {
            key: self._option(types.get(key, Any), about.get(key, ""), parameter.default is parameter.empty)
            for key, parameter in parameters.items()
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        }
        if name in MADE_BY_NAME:
            found["name"] = {**found["name"], "enum": sorted(MADE_BY_NAME[name])}
        takes_more = any(each.kind == each.VAR_KEYWORD for each in parameters.values())
        return {"type": "object", "properties": found, "additionalProperties": takes_more}

    def _option(self, annotation: Any, about: str, is_required: bool) -> Schema:
        """What an option takes; also null where it is required, which leaves it to the command line."""
        for spec in specs_in(annotation):
            self._define(f"{spec.__module__}.{spec.__qualname__}")
        said = {"description": about} if about else {}
        schema = of_type(annotation | None if is_required else annotation)
        return {**schema, **said}
