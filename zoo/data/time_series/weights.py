"""What each series counts in training."""

from collections.abc import Sequence

from torch import Tensor

from zoo.data.batches.item_weights import training_weights
from zoo.data.time_series.division import SeriesPart


def weights_of(parts: Sequence[SeriesPart]) -> Tensor:
    """The weights of training series (N,), the last of what does not vary in them.

    Raises:
        ValueError: one is negative, or all are 0; names file and line.
    """
    weights = [float(part.series.constant[-1]) for part in parts]
    wrong = [part.series for part, weight in zip(parts, weights, strict=True) if weight < 0]
    if wrong:
        raise ValueError(
            f"{wrong[0].place(0)}: the weight of series {wrong[0].id!r} is {wrong[0].constant[-1]:g}, in "
            f"{len(wrong)} of {len(parts)} series; expected a number of at least 0 for each"
        )
    return training_weights(weights, str(parts[0].series.table.path))
