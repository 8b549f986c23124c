"""Names in a recipe and on the command line become import paths, and back."""

from collections.abc import Sequence
from typing import Any

from zoo.cli.recipes.allowlist import KINDS, PLACES, class_of, part_path, spec_path, spec_paths

Recipe = dict[str, Any]


def resolve(recipe: Recipe, before: Sequence[Recipe] = ()) -> Recipe:
    """A recipe with import paths where it has names.

    Args:
        recipe: Plain data.
        before: What it is laid over, resolved: there its model may be named.

    Raises:
        UnknownNameError: no part has a name that it mentions.
        UserError: it names something that no recipe may name.
    """
    resolved = dict(recipe)
    for place in KINDS:
        section, _, key = place.partition(".")
        inner = resolved.get(section)
        if not key and section in resolved:
            resolved[section] = _part(place, inner)
        elif isinstance(inner, dict):
            resolved[section] = {
                name: _part(place, value) if name.removesuffix("+") == key else value
                for name, value in inner.items()
            }
    if "model" in resolved and any(is_task(each.get("model")) for each in (resolved, *before)):
        resolved["model"] = _with_specs(resolved["model"])
    return resolved


def resolve_option(keys: Sequence[str], value: Any, before: Sequence[Recipe]) -> Recipe:
    """A recipe that gives one value, as an option of the command line does; otherwise like `resolve`.

    The parts of an encoder are known by their place, whatever the model is.
    """
    if keys[-1] in PLACES and keys[-2:-1] == ["encoder"] and isinstance(value, str):
        value = _spec(PLACES[keys[-1]], value)
    return resolve(nested(keys, value), before)


def shown_part(key: str, name: str) -> str:
    """The import path of the part that is named to have its options shown, by `--data.help NAME`.

    Raises:
        UnknownNameError: no part has that name.
        UserError: it is something that cannot be named.
    """
    place = key.removesuffix(".help").removesuffix("+")
    if place in KINDS:
        return part_path(KINDS[place], name)
    owner, _, part = place.rpartition(".")
    return spec_path(PLACES[part], name) if owner.endswith(".encoder") and part in PLACES else name


def is_task(model: Any) -> bool:
    """Whether a resolved recipe's model is one of the zoo's tasks."""
    path = model.get("class_path") if isinstance(model, dict) else model
    return path in KINDS["model"].own.values()


def named(recipe: Any) -> Any:
    """A recipe with names where it has import paths of what `resolve` knows by name."""
    if isinstance(recipe, list):
        return [named(item) for item in recipe]
    if not isinstance(recipe, dict):
        return recipe
    return {key: _name(value) if key == "class_path" else named(value) for key, value in recipe.items()}


def _name(path: Any) -> Any:
    known = spec_paths().union(*(kind.paths.values() for kind in KINDS.values()))
    return class_of(path) if path in known else path


def _part(place: str, value: Any) -> Any:
    """A part given as a name, as a class with its arguments, or a list of these."""
    if isinstance(value, str):
        return part_path(KINDS[place], value)
    if isinstance(value, list):
        return [_part(place, item) for item in value]
    if isinstance(value, dict) and isinstance(value.get("class_path"), str):
        return {**value, "class_path": part_path(KINDS[place], value["class_path"])}
    return value


def _with_specs(value: Any) -> Any:
    """The value with specs in place of the names of cells, wirings and switches, at any depth."""
    if isinstance(value, list):
        return [_with_specs(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _spec(PLACES[key], inner) if key in PLACES else _with_specs(inner)
        for key, inner in value.items()
    }


def _spec(key: str, value: Any) -> Any:
    """One spec, or a list of them; what names no part stays, to be refused by the stack."""
    if isinstance(value, list):
        return [_spec(key, item) for item in value]
    if isinstance(value, str):
        return {"class_path": spec_path(key, value)}
    if isinstance(value, dict) and "class_path" in value:
        return {**_with_specs(value), "class_path": spec_path(key, value["class_path"])}
    if isinstance(value, dict) and "name" in value:
        options = _with_specs({name: option for name, option in value.items() if name != "name"})
        return {"class_path": spec_path(key, value["name"]), "init_args": options}
    return value


def nested(keys: Sequence[str], value: Any) -> Recipe:
    """A recipe with a value under these keys, one inside the other."""
    *outer, last = keys
    recipe: Recipe = {last: value}
    for key in reversed(outer):
        recipe = {key: recipe}
    return recipe
