"""Name -> part: look-up, listing, suggestions, plug-ins."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from zoo.registry.checks import UnknownNameError, unknown
from zoo.registry.declared import Declared, declared
from zoo.registry.spec import Spec

PLUGIN_GROUP = "zoo.plugins"
Part = TypeVar("Part")
Entered = TypeVar("Entered")
AnySpec = TypeVar("AnySpec", bound=Spec)


class Registry(Generic[Part]):
    """Name -> part, for one kind of part.

    Args:
        kind: "cell", "wiring", "task", ...
        package: Whose files hold parts; see `declared`.
        declares: What each part with a spec says of itself, in class attributes of its own.
    """

    def __init__(self, kind: str, package: str = "", declares: Sequence[str] = ("card",)) -> None:
        self.kind, self.declares = kind, declares
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
        return unknown(self.kind, name, self.names())

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

    def key_of(self, qualname: str) -> str | None:
        """The name of the part whose class is called so, without importing it; None where there is none."""
        return next((name for name in self.names() if self.target(name).endswith(f":{qualname}")), None)

    def target(self, name: str) -> str:
        """`module:Class` of the part called `name`, without importing it."""
        part = self._parts[name]
        if isinstance(part, Declared):
            return f"{part.module}:{part.qualname}"
        return f"{part.__module__}:{part.__qualname__}"  # type: ignore[attr-defined]


def enter_part(
    registry: Registry[Any], name: str, part: type[Any], spec: type[Spec], *, base: type[Spec], example: str
) -> None:
    """Enters a part and its spec under `name`, by which both know themselves from then on.

    Args:
        registry: Where.
        name: The name.
        part: The class, which must have all that its siblings declare of themselves.
        spec: The class of its specs.
        base: The class of all such specs.
        example: Where a part of this kind can be looked at.

    Raises:
        ValueError: `name` or `spec` is taken, or the class lacks what it must declare.
    """
    for needed in registry.declares:
        if needed not in vars(part):
            raise ValueError(
                f"{registry.kind} {name!r} has no {needed!r}; expected a class attribute, as in {example}"
            )
    if spec is base or vars(spec).get("key", name) != name:
        raise ValueError(
            f"{registry.kind} {name!r} got {spec.__name__}, which is taken; expected a spec of its own"
        )
    registry.add(name, part)
    part.key = spec.key = name
    part.spec_class = spec


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
