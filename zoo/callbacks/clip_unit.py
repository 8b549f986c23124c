"""Adaptive clipping: the gradient of each unit is kept small against the unit's own weights."""

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.callbacks.clip import Clip, decide, factor_for, idle


def clip_units(
    gradients: list[Tensor],
    weights: list[Tensor | None],
    max_ratio: Float[Tensor, ""] | float,
    eps: float = 1e-3,
) -> Clip:
    r"""Scales the gradient of each unit, in place, by the norm of the unit's weights.

    .. math::
        G_i \leftarrow \lambda \frac{\max(\lVert W_i \rVert, \epsilon)}{\lVert G_i \rVert} G_i
        \quad\text{if } \frac{\lVert G_i \rVert}{\max(\lVert W_i \rVert, \epsilon)} > \lambda

    Equation 3 of Brock et al., 2021, https://arxiv.org/abs/2102.06171. A unit is a row of a matrix, which in
    a fused recurrent weight is one gate of one unit; vectors and scalars are one unit each, as in the
    authors' code. Deviation from that code: a matrix of one column, too, has as many units as rows.

    Args:
        gradients: Dense tensors.
        weights: Of the same shapes; None where the gradient is to stay as it is.
        max_ratio: The paper's λ, times what the gradients are multiplied by.
        eps: The paper's ε, without which what begins at zero would stay there.
    """
    norms = [unit_norms(gradient) for gradient in gradients]
    limits = [
        torch.full_like(norm, torch.inf)
        if weight is None
        else unit_norms(weight).clamp(min=eps) * _on(norm, max_ratio)
        for norm, weight in zip(norms, weights, strict=True)
    ]
    device = norms[0].device
    clip = decide(_joined(norms, device), _joined(limits, device))
    if idle(clip):
        return clip
    parts = torch.split(clip.coefficients, [len(norm) for norm in norms])
    for gradient, weight, coefficients in zip(gradients, weights, parts, strict=True):
        if weight is not None:
            factor = factor_for(coefficients, gradient.device, gradient.dtype)
            gradient.mul_(factor.reshape([-1] + [1] * (gradient.ndim - 1) if gradient.ndim else []))
    return clip


def unit_norms(tensor: Float[Tensor, " *shape"]) -> Float[Tensor, " units"]:
    """The norm of each row of a matrix, and of all else, empty matrices included, as a whole."""
    matrix = tensor.flatten(1) if tensor.ndim > 1 and tensor.numel() else tensor.reshape(1, -1)
    # Wide, so that it does not overflow; Apple's GPUs have no float64.
    wide = torch.float32 if tensor.device.type == "mps" else torch.float64
    norms: Tensor = torch.linalg.vector_norm(matrix, dim=1, dtype=wide)
    return norms


def _on(norm: Tensor, ratio: Float[Tensor, ""] | float) -> Float[Tensor, ""] | float:
    return ratio.to(norm.device) if isinstance(ratio, Tensor) else ratio


def _joined(parts: list[Tensor], device: torch.device) -> Float[Tensor, " units"]:
    return torch.cat([part.to(device) for part in parts])
