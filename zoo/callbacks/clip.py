"""The two ways to clip gradients, as functions that work in place and never wait for the device."""

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from zoo.diagnostics.histogram import total_norm


@final
@dataclass(frozen=True)
class Clip:
    """What one clipping did, as tensors on the device of the gradients.

    Attributes:
        before: Norm of all gradients before it.
        after: Norm of all gradients after it.
        acted: Whether it changed anything.
        finite: Whether all gradients were finite; if not, it changed nothing.
    """

    before: Float[Tensor, ""]
    after: Float[Tensor, ""]
    acted: Bool[Tensor, ""]
    finite: Bool[Tensor, ""]


def clip_norm(gradients: list[Tensor], limit: Float[Tensor, ""] | float) -> Clip:
    r"""Scales the gradients, in place, so that the norm over all of them is at most `limit`.

    .. math::
        g \leftarrow \frac{\text{limit}}{\lVert g \rVert} g \quad\text{if } \lVert g \rVert \ge \text{limit}

    Algorithm 1 of Pascanu et al., 2013, https://arxiv.org/abs/1211.5063, to the letter:
    `torch.nn.utils.clip_grad_norm_` adds 1e-6 to the denominator. Where the norm is not finite the gradients
    stay as they are, for scaling would turn the infinite ones into NaN and the finite ones into 0.
    """
    norm = total_norm(gradients)
    finite = norm.isfinite()
    acted = finite & (norm >= limit)
    if acted.is_cpu and not acted:
        # On a CPU it costs nothing to ask, and on others it would make the host wait.
        return Clip(norm, norm, acted, finite)
    coefficient = torch.where(acted, limit / norm, 1.0)
    for device, dtype in {(gradient.device, gradient.dtype) for gradient in gradients}:
        members = [gradient for gradient in gradients if (gradient.device, gradient.dtype) == (device, dtype)]
        # Rounded to a half-precision type, the coefficient would miss the limit by up to 0.4 %.
        torch._foreach_mul_(members, coefficient.to(device, torch.promote_types(dtype, torch.float32)))
    return Clip(norm, torch.where(acted, limit, norm), acted, finite)


def clip_value(
    gradients: list[Tensor], low: Float[Tensor, ""] | float, high: Float[Tensor, ""] | float
) -> Clip:
    """Clamps each entry of the gradients, in place, to [low, high].

    Where any gradient is NaN or infinite all stay as they are, for clamping would hide the infinite ones.
    """
    norm = total_norm(gradients)
    finite = norm.isfinite()
    if norm.is_cpu and norm <= min(high, -low):
        # No entry is larger than the norm.
        return Clip(norm, norm, torch.zeros_like(finite), finite)
    slack = torch.where(finite, torch.zeros_like(norm), torch.inf)
    highest, lowest = high + slack, low - slack
    torch._foreach_clamp_max_(gradients, [highest.to(gradient.device) for gradient in gradients])
    torch._foreach_clamp_min_(gradients, [lowest.to(gradient.device) for gradient in gradients])
    after = torch.where(finite, total_norm(gradients), norm)
    return Clip(norm, after, after < norm, finite)
