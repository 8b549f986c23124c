"""What a graph cannot hold, found out before anything is written."""

import torch

from zoo.model import Model
from zoo.sequence_model import SequenceModel
from zoo.stack import Stack


class CannotExportError(ValueError):
    """A model that a format has no words for; the message says why."""


def plain_model(model: SequenceModel) -> Model:
    """The model, if a graph can hold it.

    Raises:
        CannotExportError: it cannot.
    """
    instead = "expected format 'safetensors', which holds every model"
    if not isinstance(model, Model):
        raise CannotExportError(
            f"a {type(model).__name__} writes its answer token by token in a search, and a graph has no such "
            f"loop; {instead}"
        )
    if model.spec.pairs:
        raise CannotExportError(f"the network compares two sequences, and a graph here reads one; {instead}")
    if model.characters is not None:
        raise CannotExportError(
            f"characters are read once for each different word of a batch, which depends on what is in it; "
            f"{instead}"
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
        CannotExportError: a step sets attributes, or has a derivative of its own.
    """
    for cell in stack.cells():
        if cell.reads.obstacle:
            raise CannotExportError(
                f"cell {cell.key!r} cannot be exported: {cell.reads.obstacle}; expected a step that only "
                f"computes"
            )
