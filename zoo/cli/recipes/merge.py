"""How one recipe is laid over another."""

from collections.abc import Collection, Mapping
from typing import Any

from zoo.registry.source import Source

SPELLED = ("class_path", "init_args", "dict_kwargs")
"""Keys by which a recipe names a class and its arguments."""
WHOLE = ("options", "max_time", "scheduling")
"""Options that are mappings by themselves: another one takes their place, unless it names a key in them."""


def merge(old: Any, new: Any, whole: Collection[str] = WHOLE) -> Any:
    """`new` over `old`: mappings are joined, and options after a list belong to its last item.

    A part of another class keeps those options of the one before it that it has, too. In what is returned,
    the options of each part stand under its `init_args`.

    Args:
        old: Plain data, with import paths in place of names.
        new: The same.
        whole: Keys whose mappings are not joined.
    """
    if isinstance(new, str) and "." in new and _names_class(old):
        new = {"class_path": new}
    if isinstance(new, list):
        return [merge(None, item) for item in new]
    if not isinstance(new, dict):
        return new
    if isinstance(old, list) and old:
        return [*old[:-1], merge(old[-1], new, whole)]
    old = {"class_path": old} if isinstance(old, str) else old if isinstance(old, dict) else {}
    if _names_class(old) or _names_class(new):
        new = _spelled_out(new)
        old = _carried_over(old, new.get("class_path"))
    joined = dict(old)
    for key, value in new.items():
        if key.endswith("+"):
            joined[key[:-1]] = [*as_list(old.get(key[:-1])), *merge(None, as_list(value))]
        else:
            joined[key] = merge(None if key in whole else old.get(key), value, whole)
    return joined


def as_list(value: Any) -> list[Any]:
    """A list of what may be one, many, or none; true and false are none."""
    if value is None or isinstance(value, bool):
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _carried_over(old: Mapping[str, Any], path: Any) -> Mapping[str, Any]:
    """What stays of a part under one whose class is perhaps another."""
    options = old.get("init_args")
    if not isinstance(path, str) or path == old.get("class_path") or not isinstance(options, dict):
        return old
    module, _, name = path.rpartition(".")
    known = Source.of(f"{module}:{name}").names()
    return {"init_args": {key: value for key, value in options.items() if key in known}}


def _spelled_out(part: dict[str, Any]) -> dict[str, Any]:
    """A part whose options stand under `init_args`, also those that stood beside its class."""
    beside = {key: value for key, value in part.items() if key not in SPELLED}
    options = part.get("init_args") or {}
    if not beside or not isinstance(options, dict):
        return part
    spelled = {key: value for key, value in part.items() if key in SPELLED}
    return {**spelled, "init_args": {**options, **beside}}


def _names_class(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("class_path"), str)
