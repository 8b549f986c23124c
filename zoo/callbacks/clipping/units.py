"""Adaptive clipping: the gradient of each unit is kept small against the unit's own weights."""

import torch
from jaxtyping import Float
from torch import Tensor

from zoo.callbacks.clipping.clips import Clip, decide, factor_for, idle


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
    norms = unit_norms(gradients)
    known = iter(unit_norms([weight for weight in weights if weight is not None]))
    lengths = [
        # Nothing is over an infinite limit, and yet it counts in the norm of all.
        torch.full_like(norm, torch.inf) if weight is None else next(known)
        for norm, weight in zip(norms, weights, strict=True)
    ]
    limits = _joined(lengths, norms[0].device).clamp(min=eps) * max_ratio
    clip = decide(_joined(norms, norms[0].device), limits)
    if idle(clip):
        return clip
    parts = torch.split(clip.coefficients, [len(norm) for norm in norms])
    for gradient, weight, coefficients in zip(gradients, weights, parts, strict=True):
        if weight is not None:
            factor = factor_for(coefficients, gradient.device, gradient.dtype)
            gradient.mul_(factor.reshape([-1] + [1] * (gradient.ndim - 1) if gradient.ndim else []))
    return clip


def unit_norms(tensors: list[Tensor]) -> list[Float[Tensor, " units"]]:
    """The norm of each row of each matrix, and of all else, empty matrices included, as a whole."""
    units = [
        tensor.flatten(1) if tensor.ndim > 1 and tensor.numel() else tensor.reshape(1, -1)
        for tensor in tensors
    ]
    if all(unit.is_cpu and unit.dtype == torch.float32 for unit in units):
        # A third of the time; and on a CPU it costs nothing to ask whether it overflowed.
        quick = [_row_norms(unit, torch.float32) for unit in units]
        if not quick or torch.cat(quick).isfinite().all():
            return quick
    # Apple's GPUs have no float64.
    return [_row_norms(unit, torch.float32 if unit.is_mps else torch.float64) for unit in units]


def _row_norms(units: Float[Tensor, "units width"], dtype: torch.dtype) -> Float[Tensor, " units"]:
    norms: Tensor = torch.linalg.vector_norm(units, dim=1, dtype=dtype)
    return norms


def _joined(parts: list[Tensor], device: torch.device) -> Float[Tensor, " units"]:
    return torch.cat([part.to(device) for part in parts])
