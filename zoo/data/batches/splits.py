"""Training, validation and test parts of one set of labelled items."""

from typing import Literal

import torch
from jaxtyping import Integer
from torch import Tensor

from zoo.data.batches.orders import generator

Split = Literal["train", "val", "test", "predict"]


def check_fractions(val: float, test: float, zero: bool = False) -> None:
    """Refuses shares of validation and test data that leave no training data.

    Args:
        val: Share of validation data.
        test: Share of test data.
        zero: Whether a share may be 0, for it may not be needed.

    Raises:
        ValueError: a share is not positive, or both together are 1 or more.
    """
    if not (min(val, test) >= 0 and val + test < 1 and (zero or min(val, test) > 0)):
        expected = "not be negative" if zero else "be positive"
        raise ValueError(
            f"val_fraction and test_fraction must {expected} and add up to less than 1, got {val} and {test}"
        )


def stratified_split(
    labels: Integer[Tensor, " N"], val: float, test: float, seed: int
) -> dict[Split, Integer[Tensor, " M"]]:
    """Divides items by chance, with nearly the same mixture of labels in each part.

    Args:
        labels: The label of each item.
        val: Share of items for validation; the number of items is rounded, to 1 at least. 0 is none.
        test: Share of items for testing.
        seed: Decides the division.

    Returns:
        The items of each part, in ascending order; every label has a training item if it can.

    Raises:
        ValueError: there are too few items.
    """
    shuffled = torch.randperm(len(labels), generator=generator(seed, "split"))
    by_label = shuffled[labels[shuffled].argsort(stable=True)]
    counts = labels.bincount()
    # Spread each label evenly over [0, 1): then any stretch of the order holds the labels in proportion.
    places = torch.cat([(torch.arange(int(count)) + 0.5) / count for count in counts])
    places[counts[counts > 0].cumsum(0) - 1] = 1  # the last item of each label is trained on
    order = by_label[places.argsort(stable=True)]
    sizes = [max(1, round(len(labels) * share)) if share else 0 for share in (val, test)]
    if sum(sizes) >= len(labels):
        parts_wanted = 1 + sum(size > 0 for size in sizes)
        raise ValueError(f"{len(labels)} items are too few to divide in {parts_wanted}")
    parts = torch.split(order, [*sizes, len(labels) - sum(sizes)])
    return {"val": parts[0].sort().values, "test": parts[1].sort().values, "train": parts[2].sort().values}
