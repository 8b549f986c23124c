"""What a user gives a trained model from Python, as sequences."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from zoo.data.batches.datasets import RaggedSequences


def given_arrays(items: Sequence[Any], width: int) -> RaggedSequences:
    """Arrays (T, width) of features as a data set; (T,) will do for a width of 1.

    Raises:
        ValueError: one has another shape, or holds what is no finite number.
    """
    return RaggedSequences([_features(item, number, width) for number, item in enumerate(items)])


def _features(item: Any, number: int, width: int) -> Tensor:
    values = finite_tensor(item, number)
    if values.dim() == 1 and width == 1:
        values = values[:, None]
    if values.dim() != 2 or values.shape[1] != width:
        raise ValueError(f"item {number} has the shape {tuple(values.shape)}; expected (T, {width})")
    return values


def finite_tensor(item: Any, number: int) -> Tensor:
    """The numbers of an item.

    Args:
        item: An array, a tensor, a list of lists.
        number: Which item it is, for messages.

    Raises:
        ValueError: it holds something else, nothing, or what is not finite.
    """
    try:
        values = torch.as_tensor(item, dtype=torch.get_default_dtype())
    except (TypeError, ValueError, RuntimeError):
        kind = type(item).__name__
        raise ValueError(f"item {number} is of type {kind}; expected an array of numbers") from None
    if not values.numel():
        raise ValueError(f"item {number} is empty; expected at least one step")
    if not values.isfinite().all():
        raise ValueError(f"item {number} holds NaN or infinities; expected finite numbers")
    return values
