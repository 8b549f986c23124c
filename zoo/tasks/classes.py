"""What tasks share that predict a class: metrics, and predictions in words."""

from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import Any

import torch
from torch import Tensor
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from zoo.tasks.answers import Record
from zoo.tasks.contract import IGNORED
from zoo.tasks.item_weights import for_each
from zoo.tasks.shares import summed


def class_metrics(classes: int) -> MetricCollection:
    """The accuracy and the macro F1 score."""
    options: dict[str, Any] = {"num_classes": classes, "ignore_index": IGNORED, "validate_args": False}
    return MetricCollection(
        {
            "accuracy": MulticlassAccuracy(average="micro", **options),
            "macro_f1": MulticlassF1Score(average="macro", **options),
        }
    )


def class_records(rows: Iterable[Tensor], classes: int, legend: Mapping[str, Any]) -> list[Record]:
    """The label of each sequence, or of each of its steps, and the probability of every label.

    Args:
        rows: For each sequence the probability of each class, (C,) or (T, C).
        classes: C.
        legend: The `labels` in the order of their numbers; without, the numbers are said.
    """
    labels = legend.get("labels") or list(range(classes))
    records = list[Record]()
    for row in rows:
        best: Any = row.argmax(-1).tolist()
        label = labels[best] if row.dim() == 1 else [labels[each] for each in best]
        shares = {f"probability_{name}": row[..., k].tolist() for k, name in enumerate(labels)}
        records.append({"label": label, **shares})
    return records


def class_costs(probabilities: Tensor, y: Tensor) -> Tensor:
    """The cross-entropy of each sequence (B,), the mean of its steps where each has a class; 0 of none.

    Args:
        probabilities: (B, C) or (B, T, C).
        y: (B,) or (B, T), -100 where none counts.
    """
    least = torch.finfo(probabilities.dtype).tiny
    nats = -probabilities.clamp(min=least).log().gather(-1, y.clamp(min=0)[..., None]).squeeze(-1)
    counted = (y != IGNORED).reshape(len(y), -1)
    return nats.reshape(len(y), -1).where(counted, 0).sum(1) / counted.sum(1).clamp(min=1)


def balanced_weights(
    targets: Iterable[Tensor],
    classes: int,
    weights: Iterable[Tensor | None] | None = None,
    processes: int = 1,
) -> Tensor:
    """What each class is to count (C,): N / (C n) for one that n of all N targets are of, 0 where n is 0.

    Args:
        targets: Classes of some items, (B,) or (B, T), -100 where none counts.
        classes: C.
        weights: As many: (B,), what each item counts in N and n; None where each counts 1.
        processes: How many share the items, each of which has its own, and asks.
    """
    counts = torch.zeros(classes, dtype=torch.long)
    for y, weight in zip(targets, repeat(None) if weights is None else weights, strict=weights is not None):
        counted = (y != IGNORED).cpu()
        own = None if weight is None else for_each(weight, y).cpu()[counted].double()
        counts = counts + torch.bincount(y.cpu()[counted], own, minlength=classes)
    counts = summed(counts, processes)
    balanced = counts.sum() / (classes * counts)
    return balanced.where(counts > 0, 0).to(torch.get_default_dtype())
