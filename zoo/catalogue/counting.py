"""What papers count when they give a number of parameters."""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from torch import nn

from zoo.cells import Cell
from zoo.sequence_model import SequenceModel

Counted = Literal[
    "whole model",
    "without embedding",
    "recurrent layers",
    "recurrent layers, two biases a gate",
    "skew-symmetric matrices once",
]
"""What a number of parameters is of."""


def count(model: SequenceModel, what: Counted = "whole model") -> int:
    """The number of parameters of a model, or of a part of it, as papers count them."""
    return COUNTS[what](model)


def _all(*modules: nn.Module) -> int:
    """Parameters of modules; those that two of them share count once."""
    found = {id(each): each.numel() for module in modules for each in module.parameters()}
    return sum(found.values())


def _without_embedding(model: SequenceModel) -> int:
    return _all(model) - (0 if model.embedding is None else _all(model.embedding))


def _recurrent(model: SequenceModel) -> int:
    return _all(*model.stacks)


def _recurrent_with_two_biases(model: SequenceModel) -> int:
    """As torch's layers have them: one beside the input weights, one beside the recurrent ones."""
    lacking = sum(2 * len(cell.weight_ih) - _biases(cell) for cell in _cells(model))
    return _recurrent(model) + lacking


def _biases(cell: Cell) -> int:
    return sum(bias.numel() for bias in (cell.bias, cell.bias_hh) if bias is not None)


def _with_skew_once(model: SequenceModel) -> int:
    """H (H - 1) / 2 for a skew-symmetric matrix, which is kept in H² numbers; see `Card.skew`."""
    widths = [len(cell.get_parameter(name)) for cell in _cells(model) for name in cell.card.skew]
    return _all(model) - sum(width**2 - width * (width - 1) // 2 for width in widths)


def _cells(model: SequenceModel) -> Iterator[Cell]:
    return (cell for stack in model.stacks for cell in stack.cells())


COUNTS: Mapping[Counted, Callable[[SequenceModel], int]] = {
    "whole model": _all,
    "without embedding": _without_embedding,
    "recurrent layers": _recurrent,
    "recurrent layers, two biases a gate": _recurrent_with_two_biases,
    "skew-symmetric matrices once": _with_skew_once,
}
