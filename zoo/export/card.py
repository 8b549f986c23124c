"""What the card of a trained model says: how it was made, in registered names and plain data."""

from collections.abc import Mapping
from typing import Any

from zoo.data import DATA
from zoo.export.run_facts import RunFacts
from zoo.registry import UnknownNameError
from zoo.report.text import without_home
from zoo.tasks import TASKS
from zoo.trained import Trained


def task_card(model: Trained, checkpoint: Mapping[str, Any], facts: RunFacts, licence: str) -> dict[str, Any]:
    """The card of a task.

    Args:
        model: As `zoo.load` gives it.
        checkpoint: What its file holds.
        facts: What is known of its run.
        licence: Of the weights, by its SPDX identifier.

    Raises:
        UnknownNameError: the task or its data is not registered.
    """
    task = model.task
    return {
        "kind": "task",
        "task": _key(TASKS, type(task).__name__),
        "hyper_parameters": _portable(dict(task.hparams)),
        **task.model.cards(),
        "data": _data(model, checkpoint),
        "modules": list(checkpoint.get("zoo", {}).get("modules", [])),
        "metrics": facts.metrics,
        "epoch": int(checkpoint["epoch"]) + 1,
        "step": int(checkpoint["global_step"]),
        "parameters": sum(part.numel() for part in task.model.parameters()),
        "recipe": facts.recipe_file,
        "trained_with": facts.environment,
        "licence": licence,
    }


def _data(model: Trained, checkpoint: Mapping[str, Any]) -> dict[str, Any] | None:
    """The data module by name, its options and what it has learned, such as a vocabulary."""
    if model.data is None:
        return None
    kind = type(model.data)
    recipe = checkpoint.get("zoo", {}).get("recipe", {}).get("data") or {}
    return {
        "name": _key(DATA, kind.__name__),
        "options": _portable(recipe.get("init_args") or {}),
        "learned": model.data.state_dict(),
    }


def _key(registry: Any, qualname: str) -> str:
    key: str | None = registry.key_of(qualname)
    if key is None:
        raise UnknownNameError(f"{qualname} is no registered {registry.kind}; expected one that is")
    return key


def _portable(value: Any) -> Any:
    """Plain data without the name of the user's folder."""
    if isinstance(value, Mapping):
        return {name: _portable(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_portable(part) for part in value]
    return without_home(value) if isinstance(value, str) else value
