"""The cross-entropy of a head over many classes, without ever holding all scores.

Scores (N, V) of a large vocabulary, their softmax and its gradient take more memory than all else in a step.
Here some rows are scored at a time, and what they send back to the head and to its input is added up at once,
in the forward pass. Reference: Wijmans et al., 2025, https://arxiv.org/abs/2411.09009, who do so on a GPU.
"""

from typing import Any, NamedTuple, final

import torch
from torch import Tensor
from torch.nn import functional as F

from zoo.engines import is_special
from zoo.head import AdaptiveHead, AnyHead
from zoo.private.torch_names import has_hooks
from zoo.tasks.contract import IGNORED
from zoo.tasks.shares import Mean

SCORES = 4_000_000
"""How many are held at most; more rows at a time bring no speed, and fewer cost some."""


def has_few_scores(head: AnyHead, y: Tensor) -> bool:
    """Whether all scores of so many targets (N,) may be held, or must be, for other operations to see them.

    These are those of autocast, half precision, transforms, and whatever hooks onto the head. An adaptive
    softmax never scores what it need not.
    """
    if isinstance(head, AdaptiveHead):
        return has_hooks(head)
    plain = head.weight.dtype in (torch.float32, torch.float64) and not has_hooks(head)
    special = is_special(y) or torch.is_autocast_enabled(y.device.type)
    return len(y) * head.out_features <= SCORES or special or not plain


def head_cross_entropy(head: AnyHead, h: Tensor, y: Tensor) -> Mean:
    """The mean cross-entropy in nats of a head's scores of h (N, H), and the number of its targets y (N,)."""
    counted = y != IGNORED
    count = counted.sum()
    if isinstance(head, AdaptiveHead):
        return Mean(-head.log_probability(h[counted], y[counted]).sum() / count.clamp(min=1), count)
    how = How(head.cap, torch.is_grad_enabled())  # within a function of autograd it is off
    total: Tensor = TotalLoss.apply(h, head.weight, head.bias, y, how)  # type: ignore[no-untyped-call]
    return Mean(total / count.clamp(min=1), count)


@final
class How(NamedTuple):
    """How scores are made of the products, and whether gradients are wanted."""

    cap: float | None
    has_gradients: bool


class TotalLoss(torch.autograd.Function):
    """The sum of the cross-entropies of c tanh((W h + b) / c), or without c of W h + b."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, weight: Tensor, bias: Tensor | None, y: Tensor, how: How) -> Tensor:
        """Adds up the loss, and where gradients are wanted these."""
        ctx.cap = cap = how.cap
        needs = how.has_gradients and any(ctx.needs_input_grad[:3])
        rows = max(1, SCORES // len(weight))
        parts = [slice(first, first + rows) for first in range(0, len(h), rows)]
        scores, total = h.new_empty(min(rows, len(h)), len(weight)), h.new_zeros(())
        d_h = torch.empty_like(h) if needs else None
        d_weight = torch.zeros_like(weight) if needs else None
        d_bias = None if bias is None or not needs else torch.zeros_like(bias)
        for part in parts:
            z = _scores(h[part], weight, bias, cap, scores)
            slopes = None if cap is None else 1 - (z / cap).square_()
            total += _to_gradient(z, y[part])
            if d_h is None or d_weight is None:
                continue
            d_z = z if slopes is None else z.mul_(slopes)
            torch.mm(d_z, weight, out=d_h[part])
            d_weight.addmm_(d_z.t(), h[part])
            if d_bias is not None:
                d_bias += d_z.sum(0)
        ctx.save_for_backward(h, weight, bias, y, d_h, d_weight, d_bias)
        return total

    @staticmethod
    def backward(ctx: Any, d_total: Tensor) -> Any:
        """The gradients, times that of the sum."""
        h, weight, bias, y, *found = ctx.saved_tensors
        if torch.is_grad_enabled():  # to be differentiated again
            return *_from_all(h, weight, bias, y, ctx.cap, d_total), None, None
        return *(None if part is None else part * d_total for part in found), None, None


def _from_all(
    h: Tensor, weight: Tensor, bias: Tensor | None, y: Tensor, cap: float | None, d_total: Tensor
) -> list[Tensor | None]:
    """The gradients with respect to h, weight and bias, from all scores, as something to differentiate."""
    # views, for what made h may have used the weight, too
    own_h, own_weight = h.view_as(h), weight.view_as(weight)
    own_bias = None if bias is None else bias.view_as(bias)
    given, z = (own_h, own_weight, own_bias), F.linear(own_h, own_weight, own_bias)
    z = z if cap is None else cap * torch.tanh(z / cap)
    total = F.cross_entropy(z, y, ignore_index=IGNORED, reduction="sum")
    wanted = [part for part in given if part is not None and part.requires_grad]
    found = iter(torch.autograd.grad(total, wanted, d_total, create_graph=True))
    return [next(found) if part is not None and part.requires_grad else None for part in given]


def _scores(h: Tensor, weight: Tensor, bias: Tensor | None, cap: float | None, room: Tensor) -> Tensor:
    """The scores of some rows, in memory that is there."""
    z = room[: len(h)]
    if bias is None:
        torch.mm(h, weight.t(), out=z)
    else:
        torch.addmm(bias, h, weight.t(), out=z)
    return z if cap is None else z.div_(cap).tanh_().mul_(cap)


def _to_gradient(z: Tensor, y: Tensor) -> Tensor:
    """The sum of the cross-entropies; in the place of the scores (N, V) comes its gradient."""
    counted = (y != IGNORED)[:, None]
    target = torch.where(counted, y[:, None], 0)
    most = z.amax(1, keepdim=True)
    own = z.gather(1, target)
    shares = z.sub_(most).exp_()
    sums = shares.sum(1, keepdim=True)
    total = torch.where(counted, sums.log() + most - own, 0).sum()
    shares.mul_(counted / sums).scatter_add_(1, target, -counted.to(z.dtype))
    return total
