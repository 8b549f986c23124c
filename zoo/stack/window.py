"""The shape of a batch in time: lengths and resets, checked once and shared by all layers."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Int
from torch import Tensor


@dataclass(frozen=True)
class Window:
    """Which steps of a padded batch (T, B, ...) are valid, and where the state starts anew.

    Attributes:
        steps: T.
        lengths: (B,), or None where all steps are valid.
        resets: (T, B), False in the padding; or None.
    """

    steps: int
    lengths: Int[Tensor, " B"] | None = None
    resets: Bool[Tensor, "T B"] | None = None

    @classmethod
    def of(cls, x: Tensor, lengths: Tensor | None, resets: Tensor | None) -> "Window":
        """Checks lengths (B,) and resets (B, T) against a batch x (B, T, I).

        Raises:
            ValueError: a wrong shape or type, a negative length, or one longer than T.
        """
        batch_size, steps = x.shape[:2]
        if lengths is not None:
            lengths = _checked_lengths(lengths, batch_size, steps).to(x.device, copy=True)
        if resets is not None:
            resets = _checked_resets(resets, batch_size, steps).to(x.device, copy=True).T
        if resets is not None and lengths is not None:
            resets = resets & (torch.arange(steps, device=x.device)[:, None] < lengths)
        return cls(steps, lengths, resets)

    @cached_property
    def mask(self) -> Bool[Tensor, "T B 1"] | None:
        """True at valid steps, or None where all are."""
        if self.lengths is None:
            return None
        return (torch.arange(self.steps, device=self.lengths.device)[:, None] < self.lengths).unsqueeze(-1)


def _checked_lengths(lengths: Tensor, batch_size: int, steps: int) -> Tensor:
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise ValueError(f"lengths has type {lengths.dtype}; expected integers")
    if lengths.shape != (batch_size,):
        raise ValueError(
            f"lengths has shape {tuple(lengths.shape)}; expected ({batch_size},), one per sequence"
        )
    if batch_size == 0:
        return lengths.long()
    least, most = int(lengths.min()), int(lengths.max())
    if least < 0 or most > steps:
        raise ValueError(f"lengths holds values from {least} to {most}; expected 0 to T = {steps}")
    return lengths.long()


def _checked_resets(resets: Tensor, batch_size: int, steps: int) -> Tensor:
    if resets.dtype != torch.bool:
        raise ValueError(f"resets has type {resets.dtype}; expected torch.bool")
    if resets.shape != (batch_size, steps):
        raise ValueError(f"resets has shape {tuple(resets.shape)}; expected (B, T) = ({batch_size}, {steps})")
    return resets
