"""Where recipes lie."""

import itertools
from pathlib import Path

from zoo.cli.errors import UserError
from zoo.registry import UnknownNameError, nearest

PACKAGE = Path(__file__).parents[2]
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


def is_recipe(name: str) -> bool:
    """Whether a recipe is called like this, or a file that may be one."""
    return Path(name).suffix in SUFFIXES or name in recipes()


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
