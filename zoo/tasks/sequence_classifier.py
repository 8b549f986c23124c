"""Sequence classification: one class for a sequence, or one for each step."""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import MetricCollection

from zoo.tasks import TASKS
from zoo.tasks.answers import Record, valid_rows
from zoo.tasks.base import Task
from zoo.tasks.classes import class_choices, class_costs, class_metrics, class_records
from zoo.tasks.contract import IGNORED, Axes, Batch, Entry


@final
@TASKS.register("sequence_classifier")
class SequenceClassifier(Task):
    """Assigns a class to each sequence, or to each step where the network does not pool.

    Batches: x (B, T, I) or tokens (B, T); y (B,) or, without pooling, (B, T) with -100 where no class
    counts; optional lengths (B,). Logs the cross-entropy in nats, the accuracy and the macro F1 score.
    With pooling "max" over a bidirectional LSTM it is the sentence encoder of Conneau et al., 2017,
    https://arxiv.org/abs/1705.02364.
    """

    output = "num_classes"

    def entries(self) -> dict[str, Entry]:
        """What a batch holds: a class of each sequence or, without pooling, of each step."""
        axes: tuple[Axes, Axes] = (("B",), ("B", "T"))
        own, other = axes if self.network.pooling != "none" else axes[::-1]
        words = "pooling 'none' for one class per step, any other for one per sequence"
        size = self.network.output_size
        y = Entry(axes=own, kind="integers", below=size, is_target=True, advice={other: words})
        return super().entries() | {"y": y}

    def metrics(self, output_size: int) -> MetricCollection:
        return class_metrics(output_size)

    def _predict(self, batch: Batch) -> Tensor:
        """The probability of each class, of each sequence (B, C) or of each step (B, T, C)."""
        return self.predictions(batch).softmax(-1)

    def records(self, predicted: Tensor, batch: Batch, legend: Mapping[str, Any]) -> list[Record]:
        """The label of each sequence, or of each of its steps, and the probability of every label."""
        rows = valid_rows(predicted, batch.get("lengths"))
        return class_records(rows, predicted.shape[-1], legend)

    def costs(self, predicted: Tensor, batch: Batch) -> Tensor:
        """The cross-entropy of each sequence, the mean of its steps where each has a class."""
        return class_costs(predicted, self._targets(batch))

    def choices(self, predicted: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        return class_choices(predicted.argmax(-1), self._targets(batch))

    def _targets(self, batch: Batch) -> Tensor:
        """The classes, ignored beyond the length of a sequence."""
        y, lengths = batch["y"], batch.get("lengths")
        if lengths is None or y.dim() == 1:
            return y
        return y.masked_fill(torch.arange(y.shape[1], device=y.device) >= lengths[:, None], IGNORED)

    def _step(self, batch: Batch, stage: str) -> Tensor:
        logits, y = self.predictions(batch).flatten(0, -2), self._targets(batch).flatten()
        loss = F.cross_entropy(logits, y, ignore_index=IGNORED)
        self._count(stage, logits.argmax(-1), y)
        self._log_loss(loss, stage, (y != IGNORED).sum())
        return loss
