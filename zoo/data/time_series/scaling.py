"""Shifts and scales of columns, fitted on training data and undone in predictions."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, final

import numpy as np
import torch
from torch import Tensor

from zoo.data.time_series.table import Numbers

SCALES = ("standard", "robust", "none")
NORMAL_RANGE = 1.349
"""What lies between the quartiles of a normal distribution, in standard deviations."""


@final
class Scaling(NamedTuple):
    """What columns are shifted and scaled by.

    Attributes:
        center: (C,).
        spread: (C,), 1 for columns that do not vary.
    """

    center: Numbers
    spread: Numbers

    @classmethod
    def fitted(cls, parts: Sequence[Numbers], name: str) -> "Scaling":
        """That of training data (., C) in parts; NaN counts for nothing.

        Args:
            parts: Rows of each series.
            name: "standard" (mean, standard deviation), "robust" (median, range between the quartiles) or
                "none".
        """
        rows = np.concatenate(parts)
        width = rows.shape[1]
        if name == "none" or not width:
            return cls(np.zeros(width), np.ones(width))
        seen = [column[~np.isnan(column)] for column in rows.T]
        seen = [column if len(column) else np.zeros(1) for column in seen]
        if name == "robust":
            center = np.array([np.median(column) for column in seen])
            spread = (
                np.array([np.subtract(*np.percentile(column, (75, 25))) for column in seen]) / NORMAL_RANGE
            )
        else:
            center = np.array([column.mean() for column in seen])
            spread = np.array([column.std() for column in seen])
        return cls(center, np.where(spread > 1e-8 * np.maximum(1, abs(center)), spread, 1))

    def down(self, values: Numbers) -> Tensor:
        """Values (., C) shifted and scaled, in single precision."""
        return torch.from_numpy((values - self.center) / self.spread).float()

    def plain(self) -> dict[str, list[float]]:
        """As plain values, for the checkpoint."""
        return {"center": self.center.tolist(), "spread": self.spread.tolist()}

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> "Scaling":
        """What `plain` gave."""
        return cls(np.array(state["center"]), np.array(state["spread"]))


def filled(values: Numbers) -> Numbers:
    """Values (T, C) with each missing one as the last before it; NaN where there is none before."""
    steps = np.where(np.isnan(values), 0, np.arange(len(values))[:, None])
    return np.take_along_axis(values, np.maximum.accumulate(steps, 0), 0)
