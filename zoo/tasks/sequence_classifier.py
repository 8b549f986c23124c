"""Sequence classification: one class for a sequence, or one for each step."""

from collections.abc import Mapping
from typing import Any, Literal, final

import torch
from torch import Tensor
from torchmetrics import MetricCollection

from zoo.model import ModelSpec
from zoo.registry import check_choice, check_fraction
from zoo.tasks import TASKS
from zoo.tasks.answers import Record, valid_rows
from zoo.tasks.base import LOOKED_INTO, Task
from zoo.tasks.classes import (
    balanced_weights,
    class_costs,
    class_metrics,
    class_records,
)
from zoo.tasks.contract import IGNORED, Axes, Batch, Entry
from zoo.tasks.item_weights import cross_entropy, for_each, weighted_cross_entropy
from zoo.tasks.optimisation import OptimizerSpec, ScheduleSpec
from zoo.tasks.signs import ClassSigns, Sign


@final
@TASKS.register("sequence_classifier")
class SequenceClassifier(Task):
    """Assigns a class to each sequence, or to each step where the network does not pool.

    Batches: x (B, T, I) or tokens (B, T); y (B,) or, without pooling, (B, T) with -100 where no class
    counts; optional lengths (B,). Logs the cross-entropy in nats, the accuracy and the macro F1 score.
    With pooling "max" over a bidirectional LSTM it is the sentence encoder of Conneau et al., 2017,
    https://arxiv.org/abs/1705.02364.

    Args:
        network: The network; sizes that it leaves open come from the data.
        optimizer: The optimiser.
        schedule: The learning-rate schedule; None keeps the rate.
        class_weights: "balanced" weighs each class by N / (C n), where n of the N training targets are of it,
            so that in the training loss all classes count alike; "none" weighs all targets alike. What is
            logged of validation and test data is never weighed. Items with weights count by these in N and n.
        label_smoothing: Share of each target that is spread over all classes in training (Szegedy et al.,
            2016, https://arxiv.org/abs/1512.00567).
    """

    output = "num_classes"
    weighs_items = True

    def __init__(
        self,
        network: ModelSpec | Mapping[str, Any],
        optimizer: OptimizerSpec | Mapping[str, Any] = OptimizerSpec(),  # noqa: B008 (it is frozen)
        schedule: ScheduleSpec | Mapping[str, Any] | None = None,
        class_weights: Literal["none", "balanced"] = "none",
        label_smoothing: float = 0.0,
    ) -> None:
        check_choice("class_weights", class_weights, ("none", "balanced"))
        check_fraction("label_smoothing", label_smoothing)
        self.class_weights, self.label_smoothing = class_weights, label_smoothing
        self._weights: Tensor | None = None
        super().__init__(network, optimizer, schedule)

    def on_fit_start(self) -> None:
        super().on_fit_start()
        if self.class_weights == "balanced":
            data = self.trainer.datamodule  # type: ignore[attr-defined]
            if data is None:
                raise ValueError("class_weights 'balanced' counts the classes of a data module; got none")
            assert self.network.output_size is not None
            batches = (self._checked(batch, LOOKED_INTO) for batch in data.train_dataloader())
            counted = [(self._targets(batch), batch.get("weight")) for batch in batches]
            weights = balanced_weights(
                [y for y, _ in counted],
                self.network.output_size,
                [weight for _, weight in counted],
                self.trainer.world_size,
            )
            self._weights = weights.to(next(self.parameters()))

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

    def signs(self, output_size: int) -> dict[str, Sign]:
        return {"classes": ClassSigns(output_size)}

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
        return self._targets(batch), predicted.argmax(-1)

    def _targets(self, batch: Batch) -> Tensor:
        """The classes, ignored beyond the length of a sequence."""
        y, lengths = batch["y"], batch.get("lengths")
        if lengths is None or y.dim() == 1:
            return y
        return y.masked_fill(torch.arange(y.shape[1], device=y.device) >= lengths[:, None], IGNORED)

    def _step(self, batch: Batch, stage: str) -> Tensor:
        targets, weights = self._targets(batch), self._item_weights(batch, stage)
        logits, y = self.predictions(batch).flatten(0, -2), targets.flatten()
        if weights is not None:
            own = for_each(weights, targets).flatten()
            loss = weighted_cross_entropy(logits, y, own, self._weights, self.label_smoothing)
        elif stage == "train":
            loss = cross_entropy(logits, y, self._weights, self.label_smoothing)
        else:
            loss = cross_entropy(logits, y)
        chosen = logits.argmax(-1)
        self._count(stage, chosen, y)
        self._look(stage, "classes", chosen, y)
        return self._logged(loss, stage)
