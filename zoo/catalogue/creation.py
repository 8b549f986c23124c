"""A model by its name: a curated one, or any stack there is."""

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from zoo.catalogue.entry import NamedModel
from zoo.catalogue.listing import list_models
from zoo.catalogue.models import MODELS
from zoo.model import ModelSpec
from zoo.names import is_stack_name, parse_stack
from zoo.registry import UnknownNameError, nearest
from zoo.stack import StackSpec
from zoo.tasks import TASKS

if TYPE_CHECKING:  # importing a task imports Lightning, which listing models must not
    from zoo.tasks.base import Task

TRAINING = ("optimizer", "schedule")
"""What every task is given beside its network."""
POOLING = {"sequence_classifier": "max", "sequence_regressor": "last", "language_model": "none"}
"""How the outputs of a stack that is named by the grammar are pooled, unless asked for otherwise."""


def create_model(name: str, **changes: Any) -> "Task":
    """A model by its name, as a LightningModule whose `.model` is a plain nn.Module.

    Args:
        name: A curated name (`list_models()`), or the name of a stack, such as "bi-lstm-4x256-residual".
        changes: Fields of StackSpec or ModelSpec to change, and `task`, `optimizer`, `schedule`, or what else
            the catalogue gives to the task of this model, such as `decoder`. A stack's name needs
            `output_size`, and `input_size` or `vocab_size`.

    Raises:
        UnknownNameError: there is no such model.
        ValueError: a change that no part has, or a missing size.
    """
    entry = named_model(name, changes.pop("task", None))
    given = {key: changes.pop(key) for key in (*TRAINING, *entry.arguments) if key in changes}
    network = _changed(entry, changes)
    if not network.is_complete:
        raise ValueError(
            f"model {name!r} needs output_size, and input_size or vocab_size; got {network.sizes}"
        )
    task: Task = TASKS[entry.task](network, **entry.arguments | given)
    return task


def named_model(name: str, task: str | None = None) -> NamedModel:
    """The catalogue's entry for a name; a stack's name gives a model with open sizes.

    Raises:
        UnknownNameError: there is no such model.
    """
    if name in MODELS:
        entry = MODELS[name]
        if task in (None, entry.task):
            return entry
        return replace(entry, task=task, decoder=None, options={})
    if not is_stack_name(name):
        hint = nearest(name, MODELS) or ";"
        raise UnknownNameError(
            f"unknown model {name!r}{hint} Known: {', '.join(list_models())}, and names of stacks such as "
            f"bi-lstm-4x256-residual"
        )
    task = task or "sequence_classifier"
    pooling: Any = POOLING.get(task, "none")
    network = ModelSpec(encoder=parse_stack(name), pooling=pooling)
    return NamedModel(summary="a stack by its name", task=task, network=network, paper="")


def _changed(entry: NamedModel, changes: dict[str, Any]) -> ModelSpec:
    """The network of a model with some of its own or its stack's fields changed."""
    network = entry.network
    stack_fields = [field.name for field in fields(StackSpec)]
    model_fields = [field.name for field in fields(ModelSpec) if field.name != "encoder"]
    for key in changes:
        if key not in (known := [*model_fields, *stack_fields, "task", *TRAINING, *entry.arguments]):
            hint = nearest(key, known) or ";"
            raise ValueError(f"create_model has no option {key!r}{hint} expected one of {', '.join(known)}")
    encoder = replace(network.encoder, **{key: changes[key] for key in changes if key in stack_fields})
    others = {key: changes[key] for key in changes if key in model_fields}
    if "input_size" in others:
        others.setdefault("vocab_size", None)
    if "vocab_size" in others:
        others.setdefault("input_size", None)
        if entry.task == "language_model":  # it predicts its own vocabulary
            others.setdefault("output_size", others["vocab_size"])
    return replace(network, encoder=encoder, **others)
