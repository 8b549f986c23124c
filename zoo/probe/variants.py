"""Copies of a task, as it is or as a line of advice would have it."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import yaml

from zoo.registry import Spec, part_class
from zoo.tasks.base import Task
from zoo.verdict.placing import placed

MODEL = "model."
PACKAGES = {"cell": "zoo.cells", "wiring": "zoo.wiring"}


def copy_of(task: Task, line: str = "", fresh: bool = False) -> Task:
    """A new task like this one.

    Args:
        task: It has its sizes.
        line: A line of advice that it follows, about the model.
        fresh: Whether its weights are drawn anew, as they are where the line makes others of them.
    """
    plain = deepcopy(dict(task.hparams)) | {"network": task.network.plain()}
    if line:
        key, value = placed(line)
        _put(plain, key.removeprefix(MODEL).split("."), yaml.safe_load(value))
    copy = type(task)(**plain)
    if copy.network == task.network and not fresh:
        copy.load_state_dict(task.state_dict())
    return copy


def is_of_model(line: str) -> bool:
    """Whether a line of advice changes the model, and not how it is trained."""
    return placed(line)[0].startswith(MODEL)


def _put(plain: dict[str, Any], keys: list[str], value: Any) -> None:
    *outer, last = keys
    for key in outer:
        plain = plain[key]
    if isinstance(value, Mapping) and "class_path" in value:
        spec: type[Spec] = part_class(PACKAGES[last], value["class_path"])
        value = spec.from_plain(value.get("init_args") or {}).plain()
    old = plain.get(last)
    plain[last] = {**old, **value} if isinstance(old, Mapping) and last == "optimizer" else value
