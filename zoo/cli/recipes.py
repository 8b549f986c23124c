"""Where recipes lie, and reading one without surprises."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from zoo.cli.errors import UserError
from zoo.registry import UnknownNameError, nearest

PACKAGE = Path(__file__).parent.parent
SUFFIXES = (".yaml", ".yml", ".json")


def folders() -> list[Path]:
    """Where recipes are looked up by name: the working folder, then those that come with the zoo."""
    own = [PACKAGE / "_recipes", PACKAGE.parent / "recipes"]
    found = [folder for folder in (Path("recipes"), *own) if folder.is_dir()]
    return list({folder.resolve(): folder for folder in found}.values())


def recipes() -> dict[str, Path]:
    """The recipes by name, without folder and suffix; the first folder wins."""
    found: dict[str, Path] = {}
    for folder in folders():
        for path in sorted(folder.rglob("*.yaml")):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def summary(path: Path) -> str:
    """The first sentence of a recipe's comment."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = itertools.takewhile(lambda line: line.startswith("#"), lines)
    return " ".join(line.lstrip("# ") for line in comment).partition(". ")[0]


def find(name: str) -> Path:
    """The file that a path or a recipe's name stands for.

    Raises:
        UserError: there is no such file, or it is a folder.
        UnknownNameError: there is no recipe of that name.
    """
    path = Path(name)
    if path.is_file():
        return path
    if path.is_dir():
        raise UserError(f"{name} is a folder; expected a recipe file inside it")
    for folder in folders():
        for candidate in (folder / name, folder / f"{name}.yaml"):
            if candidate.is_file():
                return candidate
    known = recipes()
    if path.stem in known and len(path.parts) == 1:
        return known[path.stem]
    if path.suffix in SUFFIXES or len(path.parts) > 1:
        files = {str(file) for file in known.values()} | {file.name for file in known.values()}
        hint = nearest(name, files) or "; expected a recipe file (`zoo list recipes`)"
        raise UserError(f"there is no recipe file {name}{hint}")
    raise UnknownNameError(f"unknown recipe {name!r}{nearest(name, known) or ';'} Known: {', '.join(known)}")


def read(path: Path) -> dict[str, Any]:
    """The content of a recipe.

    Raises:
        UserError: it is no text, no YAML, empty, says a thing twice, or is no mapping.
    """
    try:
        value = load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise UserError(f"{path} is not a text file; expected a YAML recipe") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path}{_place(error)}: {_problem(error)}") from None
    if value is None:
        raise UserError(f"{path} is empty; expected a YAML recipe with model, data and trainer")
    if not isinstance(value, dict):
        raise UserError(f"{path} holds {_noun(value)}; expected a YAML recipe with model, data and trainer")
    return value


def load(text: str) -> Any:
    """Plain data from YAML; a key that stands twice in a mapping is an error.

    Raises:
        yaml.YAMLError: the text is no YAML of plain data, or says a thing twice.
    """
    for key in _repeated(yaml.compose(text, Loader=yaml.SafeLoader)):
        raise yaml.MarkedYAMLError(None, None, f"key {key.value!r} stands twice", key.start_mark)
    return yaml.load(text, Loader=_Loader)


class _Loader(yaml.SafeLoader):
    """Reads 1e-3 as a number, as YAML 1.2 does, and dates as text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]+$"),
    list("-+0123456789."),
)


def _repeated(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """The keys that stand twice, each at its second place."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key
                seen.add(key.value)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)


def _place(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f", line {error.problem_mark.line + 1}"
    return ""


def _problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.constructor.ConstructorError):
        return "a recipe holds plain data only; " + (error.problem or "").partition("\n")[0]
    if isinstance(error, yaml.MarkedYAMLError) and error.problem:
        return error.problem
    return "this is no YAML: " + str(error).partition("\n")[0]


def _noun(value: Any) -> str:
    return "a list" if isinstance(value, list) else f"{type(value).__name__} {str(value)[:40]!r}"
