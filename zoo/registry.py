"""Names and specs for the parts of the zoo: look-up, listing, suggestions, plug-ins, plain data."""

import ast
import difflib
import importlib
import importlib.util
import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints

PLUGIN_GROUP = "zoo.plugins"
ENTRY = re.compile(
    r'^@(?:register_\w+|[A-Z]+\.register)\("(?P<name>\w+)"(?:, (?P<spec>\w+))?\)\n'
    r"(?:@.*\n)*class (?P<part>\w+)",
    re.MULTILINE,
)
"""A decorator that registers a class, in a source."""
Part = TypeVar("Part")
Entered = TypeVar("Entered")
AnySpec = TypeVar("AnySpec", bound="Spec")


class UnknownNameError(LookupError):
    """A name that no registry entry has. Unlike KeyError, its message prints without quotes."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`"; did you mean 'lstm'?"`, or an empty string when nothing known looks like `name`."""
    lowered = {option.lower(): option for option in known}
    close = difflib.get_close_matches(name.lower(), lowered, n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(lowered[match]) for match in close)}?" if close else ""


def check_positive(name: str, value: Any) -> None:
    """Raises ValueError unless `value` is an integer of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} is {value!r}; expected an integer of at least 1")


def check_finite(name: str, value: Any) -> None:
    """Raises ValueError unless `value` is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} is {value!r}; expected a finite number")


def check_fraction(name: str, value: Any) -> None:
    """Raises ValueError unless 0 <= value < 1."""
    check_finite(name, value)
    if not 0 <= value < 1:
        raise ValueError(f"{name} is {value!r}; expected a number from 0 up to, but not including, 1")


def check_choice(name: str, value: Any, choices: Iterable[str]) -> None:
    """Raises ValueError, with the nearest choice, unless `value` is one of `choices`."""
    known = list(choices)
    if value not in known:
        hint = nearest(str(value), known) or ";"
        raise ValueError(f"{name} is {value!r}{hint} expected one of {', '.join(known)}")


class Spec:
    """Base of the frozen dataclasses that describe a part in plain data and build it.

    Fields annotated bool, float or Literal are checked against their annotation.

    The plain form, `spec.plain()`, holds numbers, strings, booleans, lists and dicts only: it is what
    a checkpoint stores, so that loading one never needs more than `torch.load(weights_only=True)`.
    """

    key: ClassVar[str | None] = None
    """The registered name, for specs of registered parts."""

    def __post_init__(self) -> None:
        for name, annotation in _annotations(type(self)).items():  # type: ignore[arg-type]  # mypy on Hashable
            value = getattr(self, name)
            if annotation is bool and not isinstance(value, bool):
                raise ValueError(f"{name} is {value!r}; expected true or false")
            if annotation is float:
                check_finite(name, value)
            if get_origin(annotation) is Literal:
                check_choice(name, value, get_args(annotation))

    @classmethod
    def from_plain(cls: type[AnySpec], options: Mapping[str, Any]) -> AnySpec:
        """The spec with these values of its fields.

        Raises:
            ValueError: there is no such field.
        """
        known = [field.name for field in fields(cls)]  # type: ignore[arg-type]  # every spec is a dataclass
        for key in options:
            if key not in known:
                hint = nearest(key, known) or ";"
                what = cls.key or cls.__name__
                raise ValueError(f"{what} has no option {key!r}{hint} expected one of {', '.join(known)}")
        return cls(**options)

    def plain(self) -> dict[str, Any]:
        """This spec as plain data, with its registered name under "name"."""
        assert is_dataclass(self)
        values = {field.name: _plain(getattr(self, field.name)) for field in fields(self)}
        return values if self.key is None else {"name": self.key} | values


@cache
def _annotations(cls: type) -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(cls).items() if get_origin(hint) is not ClassVar}


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.plain()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


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


class Registry(Generic[Part]):
    """Name -> part, for one kind of part.

    Args:
        kind: "cell", "wiring", "task", ...
        package: Whose files hold parts; see `declared`.
    """

    def __init__(self, kind: str, package: str = "") -> None:
        self.kind = kind
        self._parts: dict[str, Part | Declared] = dict(declared(package)) if package else {}

    def register(self, name: str) -> Callable[[Entered], Entered]:
        """Class decorator that enters a part under `name`.

        Raises:
            ValueError: `name` is taken by another part, or is no name.
        """

        def enter(part: Entered) -> Entered:
            self.add(name, part)
            return part

        return enter

    def declare(self, name: str, target: str) -> None:
        """Enters `"module:Class"` under `name`, to be imported at its first use."""
        module, _, qualname = target.partition(":")
        self.add(name, Declared(module, qualname))

    def add(self, name: str, part: Any) -> None:
        """Enters any part under `name`.

        Raises:
            ValueError: `name` is taken, or holds anything but small letters, digits and _.
        """
        if not re.fullmatch("[a-z][a-z0-9_]*", name):
            raise ValueError(
                f"{self.kind} name {name!r} is no name; expected letters, digits and _, as in 'my_cell'"
            )
        taken = self._parts.get(name)
        if taken is not None and not _same(taken, part):
            raise ValueError(f"{self.kind} name {name!r} is already taken by {taken}; choose another name")
        self._parts[name] = part

    def __getitem__(self, name: str) -> Part:
        """The part called `name`.

        Raises:
            UnknownNameError: with the nearest names and all known ones.
        """
        if name not in self._parts:
            load_plugins()
        if name not in self._parts:
            raise UnknownNameError(self.unknown(name))
        part = self._parts[name]
        if isinstance(part, Declared):
            loaded: Part = part.load()
            return loaded
        return part

    def __contains__(self, name: str) -> bool:
        return name in self.names()

    def unknown(self, name: str) -> str:
        """The sentence that says `name` is unknown, what is near it and what is known."""
        known = self.names()
        return f"unknown {self.kind} {name!r}{nearest(name, known) or ';'} Known: {', '.join(known)}"

    def names(self, pattern: str = "*") -> list[str]:
        """Registered names that match a shell-style pattern, in alphabetical order."""
        load_plugins()
        return sorted(name for name in self._parts if fnmatchcase(name, pattern))

    def summary(self, name: str) -> str:
        """One line on the part called `name`: the first line of its docstring."""
        part = self._parts[name]
        if isinstance(part, Declared):
            return part.summary()
        return (inspect.getdoc(part) or "").partition("\n")[0]

    def target(self, name: str) -> str:
        """`module:Class` of the part called `name`, without importing it."""
        part = self._parts[name]
        if isinstance(part, Declared):
            return f"{part.module}:{part.qualname}"
        return f"{part.__module__}:{part.__qualname__}"  # type: ignore[attr-defined]


def spec_of(registry: Registry[Any], value: Any, base: type[AnySpec]) -> AnySpec:
    """The spec that a registered name, a spec, or a spec's plain form stands for.

    Args:
        registry: Where the parts with such specs are.
        value: The name, the spec, or the plain form with the name under "name".
        base: The class of such specs.

    Raises:
        UnknownNameError: no part has that name.
        ValueError: something else, or an option that the spec does not have.
    """
    if isinstance(value, base):
        return value
    options = {"name": value} if isinstance(value, str) else value
    if not isinstance(options, Mapping) or "name" not in options:
        raise ValueError(f"a {registry.kind} is described by {value}; expected its name among them")
    part = registry[options["name"]]
    spec: AnySpec = part.spec_class.from_plain({key: options[key] for key in options if key != "name"})
    return spec


def _same(old: Any, new: Any) -> bool:
    """Whether a second registration is the first one again: of what was declared, or of a reloaded module."""
    return _place(old) == _place(new)


def _place(part: Any) -> tuple[str, str]:
    if isinstance(part, Declared):
        return part.module, part.qualname
    return part.__module__, part.__qualname__


@cache
def load_plugins() -> dict[str, str]:
    """Imports the modules of the entry-point group `zoo.plugins`, once.

    Returns:
        The plug-ins that failed to import, each with its reason; a broken plug-in breaks nothing else.
    """
    broken = {}
    for point in entry_points(group=PLUGIN_GROUP):
        try:
            point.load()
        except Exception as error:
            broken[point.name] = f"{type(error).__name__}: {error}"
    return broken
