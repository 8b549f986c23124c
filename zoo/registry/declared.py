"""Parts that are known by their files, and imported when they are first used."""

import ast
import importlib
import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ENTRY = re.compile(
    r'^@(?:register_\w+|[A-Z]+\.register)\("(?P<name>\w+)"(?:, (?P<spec>\w+))?\)\n'
    r"(?:@.*\n)*class (?P<part>\w+)",
    re.MULTILINE,
)
"""A decorator that registers a class, in a source."""


@dataclass(frozen=True)
class Declared:
    """A part that is imported only when it is used, so that listing it stays cheap.

    Attributes:
        module: Where it is.
        qualname: Its class.
        spec: The class of its spec, in the same module, where it has one.
    """

    module: str
    qualname: str
    spec: str = ""

    @property
    def public(self) -> str:
        """What users name in Python: the spec, or the part itself where it has none."""
        return self.spec or self.qualname

    def load(self) -> Any:
        return getattr(importlib.import_module(self.module), self.qualname)

    def summary(self) -> str:
        """The first docstring line, read from the source without importing it."""
        spec = importlib.util.find_spec(self.module)
        assert spec is not None
        assert spec.origin is not None
        for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name == self.qualname:
                return (ast.get_docstring(node) or "").partition("\n")[0]
        return ""


@cache
def declared(package: str) -> Mapping[str, Declared]:
    """The parts in the files of a package, read off their decorators without importing anything.

    Args:
        package: Such as "zoo.cells", with lines such as `@register_cell("gru", GRUSpec)` above a class in its
            files, or `@TASKS.register("language_model")`.
    """
    spec = importlib.util.find_spec(package)
    assert spec is not None
    return {
        found["name"]: Declared(f"{package}.{path.stem}", found["part"], found["spec"] or "")
        for folder in spec.submodule_search_locations or ()
        for path in sorted(Path(folder).glob("*.py"))
        for found in ENTRY.finditer(path.read_text(encoding="utf-8"))
    }


def part_class(package: str, name: str) -> Any:
    """A part of a package, or the spec of one, by the name of its class; it is imported for it.

    Raises:
        AttributeError: there is none, as modules say it.
    """
    for part in declared(package).values():
        if name in (part.qualname, part.spec):
            return getattr(importlib.import_module(part.module), name)
    raise AttributeError(f"module {package!r} has no attribute {name!r}")
