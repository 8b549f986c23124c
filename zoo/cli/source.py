"""What a class says about itself in its source, read without importing it."""

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Argument:
    """One argument of a class.

    Attributes:
        text: Name, type and default, as in the source.
        about: What it is.
    """

    text: str
    about: str


@dataclass(frozen=True)
class Source:
    """A class and the classes of the source that it derives from, itself first."""

    classes: list[ast.ClassDef]

    @classmethod
    def of(cls, target: str) -> "Source":
        """The source of `module:Class`."""
        module, _, name = target.partition(":")
        return cls(list(_ancestry(module, name)))

    @property
    def doc(self) -> str:
        """The docstring, without its section on arguments."""
        return (ast.get_docstring(self.classes[0]) or "").partition("\n\nArgs:")[0]

    def arguments(self) -> list[Argument]:
        """The arguments of `__init__`, or the fields of a dataclass, with what is said about them."""
        about = self._described()
        for node in self.classes:
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
                    return [Argument(text, about.get(name, "")) for name, text in _parameters(inner.args)]
        return [Argument(text, said) for node in reversed(self.classes) for text, said in _fields(node)]

    def _described(self) -> dict[str, str]:
        """What the sections `Args:` of the docstrings say."""
        said: dict[str, str] = {}
        for node in reversed(self.classes):
            name = ""
            section = (ast.get_docstring(node) or "").partition("\nArgs:\n")[2].partition("\n\n")[0]
            for line in section.splitlines():
                if line.startswith("    ") and not line.startswith("     "):
                    name, _, text = line.strip().partition(": ")
                    said[name] = text
                elif name:
                    said[name] += f" {line.strip()}"
        return said


def _ancestry(module: str, name: str) -> Iterator[ast.ClassDef]:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    homes = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            yield node
            for base in node.bases:
                if isinstance(base, ast.Name):
                    home, original = homes.get(base.id, (module, base.id))
                    if home.split(".")[0] == module.split(".")[0]:
                        yield from _ancestry(home, original)


def _parameters(arguments: ast.arguments) -> Iterator[tuple[str, str]]:
    """Name, and name with type and default, of each parameter but self."""
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    missing = [None] * (len(listed) - len(arguments.defaults) - len(arguments.kw_defaults))
    defaults = [*missing, *arguments.defaults, *arguments.kw_defaults]
    for argument, default in zip(listed, defaults, strict=True):
        if argument.arg != "self":
            equals = "" if default is None else f" = {ast.unparse(default)}"
            yield argument.arg, f"{ast.unparse(argument)}{equals}"


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """The fields of a dataclass, with the string under each."""
    for line, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(line, ast.AnnAssign) and "ClassVar" not in ast.unparse(line.annotation):
            is_said = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            said = " ".join(str(after.value.value).split()) if is_said else ""  # type: ignore[union-attr]
            yield ast.unparse(line), said
