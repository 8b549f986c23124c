"""What a type says in JSON schema."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from datetime import timedelta
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from zoo.cells import CellSpec
from zoo.registry import Spec
from zoo.switches import SwitchSpec
from zoo.wiring import WiringSpec

Schema = dict[str, Any]
GROUPED = r"^-?\d{1,3}(_\d{3})+$"
"""20_000, which YAML 1.2 and with it many editors take for a text."""
PLAIN: dict[Any, Schema] = {
    bool: {"type": "boolean"},
    int: {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": GROUPED}]},
    float: {"type": "number"},
    str: {"type": "string"},
    NoneType: {"type": "null"},
    Path: {"type": "string"},
    timedelta: {"type": "string"},
    dict: {"type": "object"},
    list: {"type": "array"},
}
PARTS: dict[type, str] = {CellSpec: "cell", WiringSpec: "wiring", SwitchSpec: "switch"}
"""Specs of parts that have names of their own -> the definition of all of them."""


def of_type(annotation: Any) -> Schema:
    """The schema of a type; {}, which takes anything, of one that says nothing about plain data."""
    origin, members = get_origin(annotation), get_args(annotation)
    if annotation in PLAIN:
        return PLAIN[annotation]
    if origin is Literal:
        return {"enum": list(members)}
    if origin in (Union, UnionType):
        return _of_union(members)
    if inspect.isclass(origin) and issubclass(origin, Mapping):
        return {"type": "object"}
    if inspect.isclass(origin) and issubclass(origin, Sequence):
        items = [member for member in members if member is not ...]
        return {"type": "array", "items": _of_union(items)}
    if inspect.isclass(annotation) and issubclass(annotation, Spec):
        return {"$ref": f"#/$defs/{PARTS.get(annotation, annotation.__name__)}"}
    return {}


def _of_union(members: Sequence[Any]) -> Schema:
    """What any of these types says; a spec's plain form is no mapping whatever, nor its name any text."""
    has_spec = any(inspect.isclass(member) and issubclass(member, Spec) for member in members)
    kept = [member for member in members if not (has_spec and (member is str or _is_mapping(member)))]
    found = [schema for schema in map(of_type, kept) if schema]
    if not found or Any in members:
        return {}
    return found[0] if len(found) == 1 else {"anyOf": found}


def _is_mapping(member: Any) -> bool:
    origin = get_origin(member) or member
    return inspect.isclass(origin) and issubclass(origin, Mapping)


def specs_in(annotation: Any) -> list[type]:
    """The specs that a type names, but those of parts with names of their own."""
    if inspect.isclass(annotation) and issubclass(annotation, Spec) and is_dataclass(annotation):
        return [] if annotation in PARTS else [annotation]
    return [spec for member in get_args(annotation) for spec in specs_in(member)]
