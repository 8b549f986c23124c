"""Training, validation and test parts of one set of labelled items."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, final

import torch
from jaxtyping import Integer
from torch import Tensor

from zoo.data.batches.orders import generator

Split = Literal["train", "val", "test", "predict"]


@final
class Fold(NamedTuple):
    """One fold of a cross-validation, which is tested; of all others a part is for validation.

    Attributes:
        number: Which one, from 0.
        of: How many there are.
        seed: Decides which item is in which fold.
    """

    number: int
    of: int
    seed: int


Chance = int | Fold
"""What decides which item is for what: a seed, by fractions; or a fold."""


def chance(seed: int, folds: int | None, fold: int) -> Chance:
    """What decides the division of a data module with these options.

    Args:
        seed: Of the data module.
        folds: How many folds; None divides by fractions.
        fold: The one that is tested, from 0.

    Raises:
        ValueError: there is no such fold.
    """
    if folds is None:
        if fold:
            raise ValueError(f"fold is {fold}, and folds is not given; expected how many folds there are")
        return seed
    if folds < 2:
        raise ValueError(
            f"folds is {folds}; expected at least 2, for one is tested and the others trained on"
        )
    if not 0 <= fold < folds:
        raise ValueError(f"fold is {fold}, of {folds} folds; expected a number from 0 to {folds - 1}")
    return Fold(fold, folds, seed)


def check_fractions(val: float, test: float, zero: bool = False, by: Chance = 0) -> None:
    """Refuses shares of validation and test data that leave no training data.

    Args:
        val: Share of validation data.
        test: Share of test data.
        zero: Whether a share may be 0, for it may not be needed.
        by: Decides the division; with a fold, `test` says nothing.

    Raises:
        ValueError: a share is not positive, or both together are 1 or more.
    """
    if isinstance(by, Fold):
        if not 0 <= val < 1 or (val == 0 and not zero):
            raise ValueError(
                f"val_fraction is {val}, the share of the folds that are not tested which is held out for "
                f"validation; expected it {'from' if zero else 'above'} 0 and below 1"
            )
        return
    if not (min(val, test) >= 0 and val + test < 1 and (zero or min(val, test) > 0)):
        expected = "not be negative" if zero else "be positive"
        raise ValueError(
            f"val_fraction and test_fraction must {expected} and add up to less than 1, got {val} and {test}"
        )


def stratified_split(
    labels: Integer[Tensor, " N"], val: float, test: float, by: Chance, names: Sequence[object] = ()
) -> dict[Split, Integer[Tensor, " M"]]:
    """Divides items by chance, with nearly the same mixture of labels in each part.

    With a fold, that fold is tested and `val` is a share of all others; `test` says nothing. Folds differ by
    one item at most, and so do the items of each label in them.

    Args:
        labels: The label of each item.
        val: Share of items for validation; the number of items is rounded, to 1 at least. 0 is none.
        test: Share of items for testing.
        by: Decides the division.
        names: What the labels are called, for messages; by default their numbers.

    Returns:
        The items of each part, in ascending order; every label has a training item if it can.

    Raises:
        ValueError: there are too few items, or too few of a label for the folds.
    """
    if isinstance(by, Fold):
        return _folded(labels, val, by, names)
    shuffled = torch.randperm(len(labels), generator=generator(by, "split"))
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


def _folded(
    labels: Integer[Tensor, " N"], val: float, fold: Fold, names: Sequence[object]
) -> dict[Split, Integer[Tensor, " M"]]:
    """The items of one fold, and all others."""
    _check_enough(labels, fold.of, names)
    shuffled = torch.randperm(len(labels), generator=generator(fold.seed, "folds"))
    by_label = shuffled[labels[shuffled].argsort(stable=True)]
    is_tested = torch.arange(len(labels)) % fold.of == fold.number  # as cards are dealt, label after label
    others = by_label[~is_tested].sort().values
    parts = stratified_split(labels[others], val, 0.0, fold.seed)
    tested = by_label[is_tested].sort().values
    return {"val": others[parts["val"]], "test": tested, "train": others[parts["train"]]}


def _check_enough(labels: Integer[Tensor, " N"], folds: int, names: Sequence[object]) -> None:
    """Refuses folds for which there are not enough items, or not enough of a label."""
    if len(labels) < folds:
        raise ValueError(
            f"{len(labels)} items are too few for {folds} folds; expected as many items as folds"
        )
    counts = labels.bincount()
    rare = int(torch.where(counts > 0, counts, len(labels)).argmin())
    if counts[rare] < folds:
        name = names[rare] if names else rare
        raise ValueError(
            f"label {name!r} has {int(counts[rare])} items, and there are {folds} folds; expected at least "
            f"as many items of each label as folds"
        )
