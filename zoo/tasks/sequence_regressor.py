"""Sequence regression: numbers for a sequence, or for each step."""

from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import MeanAbsoluteError, MeanSquaredError, MetricCollection

from zoo.tasks.base import Batch, Task


@final
class SequenceRegressor(Task):
    """Predicts O numbers for each sequence, or for each step where the network does not pool.

    Batches: x (B, T, I) or tokens (B, T); y (B, O) or, without pooling, (B, T, O); optional lengths (B,),
    beyond which no target counts. Logs the mean squared and the mean absolute error.
    """

    output = "output_size"

    def metrics(self, output_size: int) -> MetricCollection:
        return MetricCollection({"mse": MeanSquaredError(), "mae": MeanAbsoluteError()})

    def _step(self, batch: Batch, stage: str) -> Tensor:
        y, lengths = batch["y"], batch.get("lengths")
        predictions = self.forward(batch["x"], lengths)
        if predictions.shape != y.shape:
            raise ValueError(
                f"the network predicts numbers of shape {tuple(predictions.shape)}, and the targets have "
                f"shape {tuple(y.shape)}; expected pooling 'none' for (B, T, O), any other for (B, O)"
            )
        if lengths is not None and y.dim() == 3:
            valid = torch.arange(y.shape[1], device=y.device) < lengths[:, None]
            predictions, y = predictions[valid], y[valid]
        loss = F.mse_loss(predictions, y)
        self._count(stage, predictions.flatten(0, -2), y.flatten(0, -2))
        self._log_loss(loss, stage, len(y))
        return loss
