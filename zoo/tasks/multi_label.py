"""Several labels at once, for each step or each sequence: the keys that sound next, the topics of a text."""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import MetricCollection
from torchmetrics.classification import BinaryF1Score, BinaryJaccardIndex

from zoo.model import ModelSpec
from zoo.tasks import TASKS
from zoo.tasks.answers import Map, Predicted, Record, valid_rows
from zoo.tasks.base import Task
from zoo.tasks.contract import Axes, Batch, Entry, lengths_of
from zoo.tasks.item_weights import for_each, weighted_mean
from zoo.tasks.label_maps import label_maps
from zoo.tasks.optimisation import OptimizerSpec, ScheduleSpec
from zoo.tasks.shares import Mean

THRESHOLD = 0.5


@final
@TASKS.register("multi_label")
class MultiLabel(Task):
    """Says for each of C labels whether it holds, of each step or, where the network pools, of each sequence.

    Batches: x (B, T, I) or tokens (B, T); y (B, T, C) or (B, C) of zeros and ones; optional lengths (B,),
    beyond which nothing counts. Logs the negative log-likelihood of a frame in nats, the sum over its
    labels, as it is given for polyphonic music; and over all frames F1 = 2 TP / (2 TP + FP + FN) and accuracy
    TP / (TP + FP + FN) of the labels that are held more likely than not.
    Without pooling, the labels of a step are those of the next one, which the encoder may not have read.
    Reference: Boulanger-Lewandowski et al., 2012, https://arxiv.org/abs/1206.6392, section 6; Bay et al.,
    2009, Evaluation of multiple-F0 estimation and tracking systems (ISMIR), over all frames.

    Args:
        network: The network; sizes that it leaves open come from the data.
        optimizer: The optimiser.
        schedule: The learning-rate schedule; None keeps the rate.
        causal: Whether the labels of a step are in its future; false where they describe the step itself, as
            in tagging, so that the encoder may read both ways.
    """

    output = "num_labels"
    weighs_items = True
    gallery = (
        "Labels over time",
        "What is true, how likely the model held it, and where it was wrong when it says what is more likely "
        "than not. Of a piano roll a row is a key, and a column what sounds next.",
    )

    def __init__(
        self,
        network: ModelSpec | Mapping[str, Any],
        optimizer: OptimizerSpec | Mapping[str, Any] = OptimizerSpec(),  # noqa: B008 (it is frozen)
        schedule: ScheduleSpec | Mapping[str, Any] | None = None,
        causal: bool = True,
    ) -> None:
        self.causal = causal
        super().__init__(network, optimizer, schedule)

    def _check(self) -> None:
        others = [name for name in self.network.encoder.directions if name != "forward"]
        if others and self.causal and self.network.pooling == "none":
            raise ValueError(
                f"the next frame is predicted from those before it, and a {others[0]} layer has already seen "
                f"it; got direction {self.network.encoder.direction!r}, expected 'forward', or causal: false "
                f"where the labels describe the step itself"
            )

    def entries(self) -> dict[str, Entry]:
        """What a batch holds: labels of each step or, with pooling, of each sequence."""
        size = self.network.output_size
        assert size is not None
        axes: tuple[Axes, Axes] = (("B", size), ("B", "T", size))
        own, other = axes if self.network.pooling != "none" else axes[::-1]
        words = f"pooling 'none' for (B, T, {size}), any other for (B, {size})"
        y = Entry(axes=own, kind="numbers", is_target=True, advice={other: words})
        return super().entries() | {"y": y}

    def metrics(self, output_size: int) -> MetricCollection:
        options: dict[str, Any] = {"threshold": THRESHOLD, "validate_args": False}
        return MetricCollection(
            {"frame_f1": BinaryF1Score(**options), "frame_accuracy": BinaryJaccardIndex(**options)}
        )

    def _predict(self, batch: Batch) -> Predicted:
        """The probability of each label, (B, T, C) or (B, C)."""
        return self.predictions(batch).sigmoid()

    def records(self, predicted: Any, batch: Batch, legend: Mapping[str, Any]) -> list[Record]:
        """The labels that hold for each sequence or each of its steps, and their probabilities."""
        names = legend.get("labels") or list(range(predicted.shape[-1]))
        return [_said(row, names) for row in valid_rows(predicted, batch.get("lengths"))]

    def labels(self, predicted: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """The labels of each sequence or of each of its steps: which hold, and which are said to."""
        true, said = (valid_rows(part, batch.get("lengths")) for part in (batch["y"], predicted))
        rows = (torch.cat([row.reshape(-1, row.shape[-1]) for row in part]) for part in (true, said))
        true_rows, said_rows = (row > THRESHOLD for row in rows)
        return true_rows, said_rows

    def maps(
        self, predicted: Tensor, batch: Batch, chosen: Mapping[int, str], legend: Mapping[str, Any]
    ) -> list[Map]:
        """What is true, how likely it was held, and where these differ; none where there are no steps."""
        if predicted.dim() < 3:
            return []
        names = [str(name) for name in legend.get("labels") or range(predicted.shape[-1])]
        steps = lengths_of(batch).tolist()
        rows = ((b, slice(steps[b]), called) for b, called in chosen.items())
        return [
            shown
            for b, part, called in rows
            for shown in label_maps(batch["y"][b, part], predicted[b, part], names, called)
        ]

    def costs(self, predicted: Tensor, batch: Batch) -> Tensor:
        """The negative log likelihood of each sequence, in nats per step."""
        nats = F.binary_cross_entropy(predicted, batch["y"].to(predicted.dtype), reduction="none").sum(-1)
        if nats.dim() == 1:
            return nats
        steps = lengths_of(batch)
        valid = torch.arange(nats.shape[1], device=nats.device) < steps[:, None]
        return nats.where(valid, 0).sum(1) / steps.clamp(min=1)

    def _step(self, batch: Batch, stage: str) -> Tensor:
        y, lengths, weights = batch["y"], batch.get("lengths"), self._item_weights(batch, stage)
        logits = self.predictions(batch)
        own = None if weights is None else for_each(weights, y[..., 0])
        if lengths is not None and y.dim() == 3:
            valid = torch.arange(y.shape[1], device=y.device) < lengths[:, None]
            logits, y, own = logits[valid], y[valid], None if own is None else own[valid]
        logits, y = logits.flatten(0, -2), y.flatten(0, -2).to(logits.dtype)
        if self.device.type == "cpu" and bool(((y < 0) | (y > 1)).any()):
            raise ValueError(
                f"{type(self).__name__} got y with values from {y.min():g} to {y.max():g}; expected 0, or 1 "
                f"where a label holds"
            )
        if own is None:
            loss = Mean(F.binary_cross_entropy_with_logits(logits, y, reduction="sum") / len(y), len(y))
        else:
            nats = F.binary_cross_entropy_with_logits(logits, y, reduction="none").sum(-1)
            loss = weighted_mean(nats, own.flatten())
        self._count(stage, (logits > 0).int().flatten(), (y > THRESHOLD).int().flatten())
        return self._logged(loss, stage)


def _said(row: Tensor, names: list[Any]) -> Record:
    """The labels (..., C) that are more likely than not."""
    if row.dim() == 1:
        chosen = (row > THRESHOLD).nonzero().squeeze(1).tolist()
        return {"labels": [names[k] for k in chosen], "probabilities": row[chosen].tolist()}
    steps = [_said(step, names) for step in row]
    return {key: [step[key] for step in steps] for key in ("labels", "probabilities")}
