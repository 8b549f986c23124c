"""What a graph cannot hold, found out before anything is written."""

import torch
from torch import Tensor

from zoo.cells import Cell
from zoo.model import Model
from zoo.sequence_model import SequenceModel
from zoo.stack import Stack
from zoo.tasks.base import Task
from zoo.tasks.forecaster import Forecaster
from zoo.tasks.sequence_tagger import SequenceTagger


class CannotExportError(ValueError):
    """A model that a format has no words for; the message says why."""


INSTEAD = "expected format 'safetensors', which holds every model"


def check_task(task: Task) -> None:
    """Refuses a task that makes more of its model's scores than they say by themselves.

    Raises:
        CannotExportError: it does.
    """
    if isinstance(task, SequenceTagger) and task.chain is not None:
        raise CannotExportError(
            f"a CRF chooses tags by a search over the sequence, which a graph has not; {INSTEAD}"
        )
    if isinstance(task, Forecaster):
        raise CannotExportError(
            f"a forecast scales its window and corrects a naive one, which a graph does not; {INSTEAD}"
        )


def plain_model(model: SequenceModel) -> Model:
    """The model, if a graph can hold it.

    Raises:
        CannotExportError: it cannot.
    """
    if not isinstance(model, Model):
        raise CannotExportError(
            f"a {type(model).__name__} writes its answer token by token in a search, and a graph has no such "
            f"loop; {INSTEAD}"
        )
    if model.spec.pairs:
        raise CannotExportError(f"the network compares two sequences, and a graph here reads one; {INSTEAD}")
    if model.characters is not None:
        raise CannotExportError(
            f"characters are read once for each different word of a batch, which depends on what is in it; "
            f"{INSTEAD}"
        )
    if model.head.weight.dtype not in (torch.float32, torch.float64):
        raise CannotExportError(
            f"the weights have type {model.head.weight.dtype}, in which a comparison says little; expected "
            f"single or double precision"
        )
    check_steps(model.encoder)
    return model


def check_steps(stack: Stack) -> None:
    """Refuses steps that do more than compute.

    Raises:
        CannotExportError: a step sets attributes, has a derivative of its own, or reads other numbers.
    """
    for cell in stack.cells():
        if cell.reads.obstacle:
            raise CannotExportError(
                f"cell {cell.key!r} cannot be exported: {cell.reads.obstacle}; expected a step that only "
                f"computes"
            )
        if _constants(cell):
            raise CannotExportError(
                f"cell {cell.key!r} cannot be exported: its step reads numbers that are no weights; {INSTEAD}"
            )


def _constants(cell: Cell) -> list[Tensor]:
    """What a step reads that is neither a weight nor made of one."""
    weights = {id(part) for part in (*cell.parameters(), *cell.buffers())}
    with torch.enable_grad():
        return [part for part in cell.vectors if id(part) not in weights and not part.requires_grad]
