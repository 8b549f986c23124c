"""The shape of a batch in time: lengths and resets, checked once and shared by all layers."""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Window:
    """Which steps of a padded batch (T, B, ...) are valid, and where the state starts anew.

    Attributes:
        steps: T.
        lengths: (B,), or None where all steps are valid.
        resets: (T, B), False in the padding; or None.
        deltas: Time between each step and the one before it, (T, B), 1 in the padding; or None.
    """

    steps: int
    lengths: Int[Tensor, " B"] | None = None
    resets: Bool[Tensor, "T B"] | None = None
    deltas: Float[Tensor, "T B"] | None = None

    @classmethod
    def of(
        cls, x: Tensor, lengths: Tensor | None, resets: Tensor | None, deltas: Tensor | None = None
    ) -> "Window":
        """Checks lengths (B,), resets (B, T) and deltas (B, T) against a batch x (B, T, I).

        Raises:
            ValueError: a wrong shape or type, a negative length, or one longer than T.
        """
        batch_size, steps = x.shape[:2]
        if lengths is not None:
            lengths = _checked_lengths(lengths, batch_size, steps).to(x.device, copy=True)
        if resets is not None:
            resets = _checked_resets(resets, batch_size, steps).to(x.device, copy=True).T
        if deltas is not None:
            deltas = _checked_deltas(deltas, batch_size, steps).to(x.device, x.dtype).T
        window = cls(steps, lengths, resets, deltas)
        if window.mask is None:
            return window
        valid = window.mask.squeeze(-1)
        return replace(
            window,
            resets=None if resets is None else resets & valid,
            deltas=None if deltas is None else torch.where(valid, deltas, 1),
        )

    def deltas_as_read(self, backward: bool) -> Float[Tensor, "T B"] | None:
        """The time between each step and the one that is read before it; 1 for the first that is read."""
        if self.deltas is None or not backward:
            return self.deltas
        return torch.cat([self.deltas, torch.ones_like(self.deltas[:1])])[1:]

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


def _checked_deltas(deltas: Tensor, batch_size: int, steps: int) -> Tensor:
    if not deltas.is_floating_point():
        raise ValueError(f"deltas has type {deltas.dtype}; expected floating-point numbers")
    if deltas.shape != (batch_size, steps):
        raise ValueError(f"deltas has shape {tuple(deltas.shape)}; expected (B, T) = ({batch_size}, {steps})")
    return deltas
