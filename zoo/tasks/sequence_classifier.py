"""Sequence classification: one class for a sequence, or one for each step."""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from zoo.tasks import TASKS
from zoo.tasks.answers import Record, valid_rows
from zoo.tasks.base import Task
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
        options: dict[str, Any] = {
            "num_classes": output_size,
            "ignore_index": IGNORED,
            "validate_args": False,
        }
        return MetricCollection(
            {
                "accuracy": MulticlassAccuracy(average="micro", **options),
                "macro_f1": MulticlassF1Score(average="macro", **options),
            }
        )

    def _predict(self, batch: Batch) -> Tensor:
        """The probability of each class, of each sequence (B, C) or of each step (B, T, C)."""
        return self.predictions(batch).softmax(-1)

    def records(self, predicted: Tensor, batch: Batch, legend: Mapping[str, Any]) -> list[Record]:
        """The label of each sequence, or of each of its steps, and the probability of every label."""
        labels = legend.get("labels") or list(range(predicted.shape[-1]))
        records = list[Record]()
        for row in valid_rows(predicted, batch.get("lengths")):
            best = row.argmax(-1).tolist()
            label = [labels[each] for each in best] if isinstance(best, list) else labels[best]
            shares = {f"probability_{name}": row[..., k].tolist() for k, name in enumerate(labels)}
            records.append({"label": label, **shares})
        return records

    def costs(self, predicted: Tensor, batch: Batch) -> Tensor:
        """The cross-entropy of each sequence, the mean of its steps where each has a class."""
        y = self._targets(batch)
        nats = -predicted.log().gather(-1, y.clamp(min=0)[..., None]).squeeze(-1)
        nats = nats.masked_fill(y == IGNORED, 0).reshape(len(y), -1)
        return nats.sum(1) / (y != IGNORED).reshape(len(y), -1).sum(1).clamp(min=1)

    def choices(self, predicted: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        y = self._targets(batch)
        counted = y != IGNORED
        return y[counted], predicted.argmax(-1)[counted]

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
