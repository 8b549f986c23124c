"""Losses in which items count by weights: an item of weight 2 is as two of it, one of weight 0 as none.

That holds for the items of one batch, be it shared by several processes, whose weights are made to add up to
1: of batches whose gradients are accumulated, the mean is taken as if all had weights of the same sum.
"""

from torch import Tensor
from torch.nn import functional as F

from zoo.tasks.contract import IGNORED, Entry
from zoo.tasks.shares import Mean

WEIGHT = Entry(axes=("B",), kind="numbers", is_optional=True, least=0.0)
"""What each item counts in training."""


def weighted_mean(losses: Tensor, weights: Tensor, counts: Tensor | None = None) -> Mean:
    """Σ w l / Σ w n, which is 0 where all weights are.

    Args:
        losses: l (N,), the sum of what each item costs.
        weights: w (N,).
        counts: n (N,), how many things each sum is over; None where it is 1.
    """
    weights = weights.to(losses)
    whole = (weights if counts is None else weights * counts).sum()
    return Mean((weights * losses).where(weights > 0, 0).sum() / whole.where(whole > 0, 1), whole)


def mean_of_items(costs: Tensor, weights: Tensor | None) -> Mean:
    """The mean of what each item costs (B, ...), counted by its weight (B,) if items have any."""
    if weights is None:
        return Mean(costs.mean(), costs.numel())
    return weighted_mean(costs.mean(tuple(range(1, costs.dim()))) if costs.dim() > 1 else costs, weights)


def weighted_cross_entropy(
    logits: Tensor,
    y: Tensor,
    weights: Tensor,
    class_weights: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> Mean:
    """torch's cross-entropy, whose mean counts each target by its weight, and by that of its class.

    Args:
        logits: (N, C).
        y: (N,), -100 where none counts.
        weights: (N,).
        class_weights: (C,); None weighs all classes alike.
        label_smoothing: Share of each target that is spread over all classes.
    """
    losses = F.cross_entropy(
        logits, y, class_weights, ignore_index=IGNORED, reduction="none", label_smoothing=label_smoothing
    )
    return weighted_mean(losses, weights, _counts(y, class_weights).to(losses))


def cross_entropy(
    logits: Tensor, y: Tensor, class_weights: Tensor | None = None, label_smoothing: float = 0.0
) -> Mean:
    """torch's cross-entropy, and the number of its targets, or the sum of the weights of their classes.

    Args:
        logits: (N, C).
        y: (N,), -100 where none counts.
        class_weights: (C,); None weighs all classes alike.
        label_smoothing: Share of each target that is spread over all classes.
    """
    value = F.cross_entropy(logits, y, class_weights, ignore_index=IGNORED, label_smoothing=label_smoothing)
    return Mean(value, _counts(y, class_weights).sum())


def _counts(y: Tensor, class_weights: Tensor | None) -> Tensor:
    """What each target (N,) counts by its class, 0 where it is ignored."""
    counted = y != IGNORED
    return counted if class_weights is None else counted * class_weights[y.clamp(min=0)]


def for_each(weights: Tensor, like: Tensor) -> Tensor:
    """The weight (B,) of an item for each entry of a tensor (B, ...), such as each of its steps."""
    return weights.reshape(-1, *[1] * (like.dim() - 1)).expand(like.shape)
