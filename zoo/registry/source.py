"""What a class says about itself in its source, read without importing it."""

import ast
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Argument:
    """One argument of a class.

    Attributes:
        name: Its name.
        text: Name, type and default, as in the source.
        about: What it is.
        classes: The classes that its type names, as `module:Class`.
    """

    name: str
    text: str
    about: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Module:
    """A file of Python: its top level, and where the names come from that it imports.

    Attributes:
        name: As it is imported.
        body: Its statements.
        homes: Imported name -> `module:name`.
    """

    name: str
    body: list[ast.stmt]
    homes: Mapping[str, str]

    @property
    def classes(self) -> list[ast.ClassDef]:
        """The classes that it defines."""
        return [node for node in self.body if isinstance(node, ast.ClassDef)]

    def home(self, name: str) -> str:
        """`module:name` of what is called `name` here."""
        return self.homes.get(name, f"{self.name}:{name}")


@dataclass(frozen=True)
class Source:
    """A class and the classes that it derives from, of the same package, itself first."""

    lineage: list[tuple[Module, ast.ClassDef]]

    @classmethod
    def of(cls, target: str) -> "Source":
        """The source of `module:Class`; without a lineage where it cannot be found."""
        return cls(list(_lineage(target)))

    @property
    def doc(self) -> str:
        """The docstring, without its section on arguments; nothing where the source is not found."""
        found = ast.get_docstring(self.lineage[0][1]) if self.lineage else None
        return (found or "").partition("\n\nArgs:")[0]

    @property
    def is_dataclass(self) -> bool:
        """Whether its fields are its arguments."""
        return bool(self.lineage) and "dataclass" in _decorators(self.lineage[0][1])

    @property
    def is_abstract(self) -> bool:
        """Whether only classes that derive from it can be made."""
        bases = {ast.unparse(base) for _, node in self.lineage[:1] for base in node.bases}
        return bool(bases & {"ABC", "abc.ABC"})

    @property
    def is_whole(self) -> bool:
        """Whether all classes that it derives from are here; those of other packages are not."""
        known = {node.name for _, node in self.lineage} | {"ABC", "object"}
        return all(ast.unparse(base) in known for _, node in self.lineage for base in node.bases)

    def arguments(self) -> list[Argument] | None:
        """What `__init__` takes, or a dataclass its fields; None where it takes anything or is not found."""
        found = self._maker()
        if found is not None:
            module, maker = found
            return None if maker.args.kwarg else list(_parameters(module, maker.args, self._described()))
        if not self.is_dataclass:
            return None
        fields = [field for module, node in reversed(self.lineage) for field in _fields(module, node)]
        return list({field.name: field for field in fields}.values())

    def names(self) -> set[str]:
        """The arguments that it names, also where it takes others beside them."""
        found = self._maker()
        listed = (self.arguments() or []) if found is None else _parameters(found[0], found[1].args, {})
        return {argument.name for argument in listed}

    def _maker(self) -> tuple[Module, ast.FunctionDef] | None:
        """The first `__init__`, and the module that it is in."""
        for module, node in self.lineage:
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
                    return module, inner
        return None

    def _described(self) -> dict[str, str]:
        """What the sections `Args:` of the docstrings say."""
        said: dict[str, str] = {}
        for _, node in reversed(self.lineage):
            name = ""
            section = (ast.get_docstring(node) or "").partition("\nArgs:\n")[2].partition("\n\n")[0]
            for line in section.splitlines():
                if line.startswith("    ") and not line.startswith("     "):
                    name, _, text = line.strip().partition(": ")
                    said[name] = text
                elif name:
                    said[name] += f" {line.strip()}"
        return said


@cache
def module(name: str) -> Module | None:
    """A module's source; None where there is none. Unlike importlib's finders, it imports no parent."""
    path = _file(name)
    if path is None:
        return None
    body = ast.parse(path.read_text(encoding="utf-8")).body
    # what is imported for type checkers only counts, too: annotations name it
    inner = [node for top in body if isinstance(top, ast.If) for node in top.body]
    homes = {
        alias.asname or alias.name: f"{node.module}:{alias.name}"
        for node in [*body, *inner]
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    return Module(name, body, homes)


def public_classes(name: str) -> list[str]:
    """What a module defines or passes on that is called like a class, but base classes."""
    source = module(name)
    assert source is not None
    defined = [node.name for node in source.classes]
    bases = {ast.unparse(base) for node in source.classes for base in node.bases} | {"Optimizer"}
    passed_on = [name for name, home in source.homes.items() if home.startswith(source.name)]
    return sorted(each for each in {*defined, *passed_on} - bases if each[0].isupper())


def _file(name: str) -> Path | None:
    """The file of a module, imported or not."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        path = Path(vars(loaded).get("__file__") or "")  # what was typed into a notebook is in no file
        return path if path.suffix == ".py" and path.is_file() else None
    top, *rest = name.split(".")
    spec = importlib.util.find_spec(top)  # of a top-level name, which imports nothing
    if spec is None or spec.origin is None:
        return None
    inside = Path(spec.origin).parent.joinpath(*rest)
    candidates = (inside / "__init__.py", inside.with_suffix(".py")) if rest else (Path(spec.origin),)
    return next((path for path in candidates if path.is_file()), None)


def _lineage(target: str) -> Iterator[tuple[Module, ast.ClassDef]]:
    name, _, wanted = target.partition(":")
    source = module(name)
    if source is None:
        return
    node = next((node for node in source.classes if node.name == wanted), None)
    if node is None and wanted in source.homes:  # it is passed on from where it is defined
        yield from _lineage(source.homes[wanted])
    if node is None:
        return
    yield source, node
    for base in node.bases:
        home = source.home(base.id) if isinstance(base, ast.Name) else ""
        if home.partition(".")[0] == name.partition(".")[0]:
            yield from _lineage(home)


def _decorators(node: ast.ClassDef) -> set[str]:
    return {ast.unparse(each.func if isinstance(each, ast.Call) else each) for each in node.decorator_list}


def _parameters(source: Module, arguments: ast.arguments, about: Mapping[str, str]) -> Iterator[Argument]:
    """Each parameter but self."""
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    missing = [None] * (len(listed) - len(arguments.defaults) - len(arguments.kw_defaults))
    defaults = [*missing, *arguments.defaults, *arguments.kw_defaults]
    for argument, default in zip(listed, defaults, strict=True):
        if argument.arg != "self":
            equals = "" if default is None else f" = {ast.unparse(default)}"
            text, said = f"{ast.unparse(argument)}{equals}", about.get(argument.arg, "")
            yield Argument(argument.arg, text, said, _named(source, argument.annotation))


def _fields(source: Module, node: ast.ClassDef) -> Iterator[Argument]:
    """The fields of a dataclass, with the string under each."""
    for line, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(line, ast.AnnAssign) and "ClassVar" not in ast.unparse(line.annotation):
            is_said = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            said = " ".join(str(after.value.value).split()) if is_said else ""  # type: ignore[union-attr]
            yield Argument(ast.unparse(line.target), ast.unparse(line), said, _named(source, line.annotation))


def _named(source: Module, annotation: ast.expr | None) -> tuple[str, ...]:
    """The classes that a type names, through unions, lists and quotes."""
    if annotation is None:
        return ()
    names = []
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name):
            names.append(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            names.append(node.value)
    return tuple(dict.fromkeys(source.home(name) for name in names))
