"""Ways to clip gradients, as functions that work in place and never wait for the device."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from zoo.diagnostics.histogram import total_norm
from zoo.private.torch_names import clamp_all_, multiply_all_


@final
@dataclass(frozen=True)
class Clip:
    """What one clipping did, as tensors on the device of the gradients.

    A block is what is clipped by a norm of its own: all gradients, those of a layer, a row of a weight.

    Attributes:
        before: Norm of all gradients before it.
        after: Norm of all gradients after it.
        acted: Whether it changed anything.
        finite: Whether all gradients were finite; if not, it changed nothing.
        coefficients: What each block was multiplied by; of clipping by value, the ratio of the norms.
    """

    before: Float[Tensor, ""]
    after: Float[Tensor, ""]
    acted: Bool[Tensor, ""]
    finite: Bool[Tensor, ""]
    coefficients: Float[Tensor, " blocks"]


def decide(norms: Float[Tensor, " blocks"], limits: Float[Tensor, " *blocks"] | float) -> Clip:
    r"""What is to be done to blocks of these norms, so that the norm of each is at most its limit.

    .. math::
        c_i = \frac{\text{limit}_i}{\lVert g_i \rVert} \text{ if } \lVert g_i \rVert \ge \text{limit}_i
        \text{ else } 1

    Where any norm is not finite all coefficients are 1.
    """
    finite = norms.isfinite().all()
    over = finite & (norms >= limits)
    return Clip(
        before=torch.linalg.vector_norm(norms),
        # Of the limits, and not of what was scaled: no second pass, and the limit to the digit.
        after=torch.linalg.vector_norm(torch.where(over, limits, norms)),
        acted=over.any(),
        finite=finite,
        # No norm of 0 meets a limit of 0, see `PercentileMode`: 0 / 0 is worked out, and not taken.
        coefficients=torch.where(over, limits / norms, 1.0),
    )


def clip_norm(gradients: list[Tensor], limit: Float[Tensor, ""] | float) -> Clip:
    r"""Scales the gradients, in place, so that the norm over all of them is at most `limit`.

    .. math::
        g \leftarrow \frac{\text{limit}}{\lVert g \rVert} g \quad\text{if } \lVert g \rVert \ge \text{limit}

    Algorithm 1 of Pascanu et al., 2013, https://arxiv.org/abs/1211.5063, to the letter:
    `torch.nn.utils.clip_grad_norm_` adds 1e-6 to the denominator. Where the norm is not finite the gradients
    stay as they are, for scaling would turn the infinite ones into NaN and the finite ones into 0.
    """
    return clip_blocks([gradients], limit)


def clip_blocks(blocks: Sequence[list[Tensor]], limit: Float[Tensor, ""] | float) -> Clip:
    """`clip_norm` of each block by itself. Where a norm is not finite, all blocks stay as they are."""
    return shorten(blocks, block_norms(blocks), limit)


def block_norms(blocks: Sequence[list[Tensor]]) -> Float[Tensor, " blocks"]:
    """The norm over all gradients of each block, on the device of the first."""
    norms = [total_norm(block) for block in blocks]
    return torch.stack([norm.to(norms[0].device) for norm in norms])


def shorten(
    blocks: Sequence[list[Tensor]], norms: Float[Tensor, " blocks"], limit: Float[Tensor, ""] | float
) -> Clip:
    """Scales blocks of these norms, in place, so that the norm of each is at most `limit`."""
    clip = decide(norms, limit)
    if idle(clip):
        return clip
    for block, coefficient in zip(blocks, clip.coefficients, strict=True):
        # One launch takes tensors of one device and one type.
        for device, dtype in {(gradient.device, gradient.dtype) for gradient in block}:
            members = [gradient for gradient in block if (gradient.device, gradient.dtype) == (device, dtype)]
            multiply_all_(members, factor_for(coefficient, device, dtype))
    return clip


def idle(clip: Clip) -> bool:
    """Whether nothing is left to do, as far as can be known for nothing: others would make the host wait."""
    return clip.acted.is_cpu and not clip.acted


def factor_for(
    coefficients: Float[Tensor, " *shape"], device: torch.device, dtype: torch.dtype
) -> Float[Tensor, " *shape"]:
    """The coefficients as a factor of gradients of this type.

    Rounded to a half-precision type, a coefficient would miss the limit by up to 0.4 %.
    """
    return coefficients.to(device, torch.promote_types(dtype, torch.float32))


def clip_value(
    gradients: list[Tensor], low: Float[Tensor, ""] | float, high: Float[Tensor, ""] | float
) -> Clip:
    """Clamps each entry of the gradients, in place, to [low, high].

    Where any gradient is NaN or infinite all stay as they are, for clamping would hide the infinite ones.
    """
    norm = total_norm(gradients)
    finite, one = norm.isfinite(), torch.ones_like(norm)
    if norm.is_cpu and norm <= min(high, -low):
        # No entry is larger than the norm.
        return Clip(
            before=norm,
            after=norm,
            acted=torch.zeros_like(finite),
            finite=finite,
            coefficients=one.reshape(1),
        )
    # Infinite limits change nothing, and the host need not wait to know whether to clamp.
    slack = torch.where(finite, torch.zeros_like(norm), torch.inf)
    highest, lowest = high + slack, low - slack
    devices = [gradient.device for gradient in gradients]
    clamp_all_(gradients, [lowest.to(each) for each in devices], [highest.to(each) for each in devices])
    after = torch.where(finite, total_norm(gradients), norm)
    acted = after < norm
    return Clip(
        before=norm,
        after=after,
        acted=acted,
        finite=finite,
        coefficients=torch.where(acted, after / norm, one).reshape(1),
    )
