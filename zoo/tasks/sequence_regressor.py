"""Sequence regression: numbers for a sequence, or for each step."""

from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import MeanAbsoluteError, MeanSquaredError, MetricCollection

from zoo.tasks import TASKS
from zoo.tasks.answers import valid_rows
from zoo.tasks.base import Task
from zoo.tasks.contract import Axes, Batch, Entry
from zoo.tasks.item_weights import for_each, weighted_mean
from zoo.tasks.shares import Mean


@final
@TASKS.register("sequence_regressor")
class SequenceRegressor(Task):
    """Predicts O numbers for each sequence, or for each step where the network does not pool.

    Batches: x (B, T, I) or tokens (B, T); y (B, O) or, without pooling, (B, T, O); optional lengths (B,),
    beyond which no target counts. Logs the mean squared and the mean absolute error.
    """

    output = "output_size"
    weighs_items = True

    def entries(self) -> dict[str, Entry]:
        """What a batch holds: the numbers of each sequence or, without pooling, of each step."""
        size = self.network.output_size
        assert size is not None
        axes: tuple[Axes, Axes] = (("B", size), ("B", "T", size))
        own, other = axes if self.network.pooling != "none" else axes[::-1]
        words = f"pooling 'none' for (B, T, {size}), any other for (B, {size})"
        return super().entries() | {
            "y": Entry(axes=own, kind="numbers", is_target=True, advice={other: words})
        }

    def metrics(self, output_size: int) -> MetricCollection:
        return MetricCollection({"mse": MeanSquaredError(), "mae": MeanAbsoluteError()})

    def costs(self, predicted: Tensor, batch: Batch) -> Tensor:
        """The mean squared error of each sequence."""
        errors = (predicted - batch["y"]) ** 2
        return torch.stack([row.mean() for row in valid_rows(errors, batch.get("lengths"))])

    def numbers(self, predicted: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """The numbers of each sequence, or of each of its steps."""
        pairs = (valid_rows(each, batch.get("lengths")) for each in (batch["y"], predicted))
        true, said = (torch.stack(rows) if rows[0].dim() == 1 else torch.cat(rows) for rows in pairs)
        return true, said

    def _step(self, batch: Batch, stage: str) -> Tensor:
        y, lengths, weights = batch["y"], batch.get("lengths"), self._item_weights(batch, stage)
        predictions = self.predictions(batch)
        own = None if weights is None else for_each(weights, y[..., 0])
        if lengths is not None and y.dim() == 3:
            valid = torch.arange(y.shape[1], device=y.device) < lengths[:, None]
            predictions, y, own = predictions[valid], y[valid], None if own is None else own[valid]
        if own is None:
            loss = Mean(F.mse_loss(predictions, y), y[..., 0].numel())
        else:
            loss = weighted_mean((predictions - y).square().mean(-1).flatten(), own.flatten())
        self._count(stage, predictions.flatten(0, -2), y.flatten(0, -2))
        return self._logged(loss, stage)
