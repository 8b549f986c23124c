"""The loss of the best answer that does not look at the input."""

import math
from collections.abc import Sequence

import torch

from zoo.probe.batches import Batch, fields
from zoo.tasks.base import Task
from zoo.tasks.contract import IGNORED
from zoo.tasks.sequence_classifier import SequenceClassifier
from zoo.tasks.sequence_regressor import SequenceRegressor


def baseline_of(task: Task, batches: Sequence[Batch]) -> float:
    """The entropy of the classes, in nats, or the variance of the targets; NaN of other tasks.

    Args:
        task: What is trained.
        batches: Of its training data.
    """
    targets = [batch["y"] for batch in fields(batches)]
    if isinstance(task, SequenceRegressor):
        return float(torch.cat([y.flatten(0, -2) for y in targets]).double().var(0).mean())
    if not isinstance(task, SequenceClassifier) or task.label_smoothing or task.class_weights != "none":
        return math.nan
    y = torch.cat([y.flatten() for y in targets])
    shares = torch.unique(y[y != IGNORED], return_counts=True)[1].double()
    shares = shares / shares.sum()
    return float(-(shares * shares.log()).sum())
