"""S9: gradient clipping by norm."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch

from zoo.callbacks.clipping.clips import clip_norm
from zoo.claims.base import register_claim
from zoo.claims.system import System, largest


@final
@register_claim("s9")
@dataclass(frozen=True, kw_only=True)
class ClippingByNorm(System):
    """Algorithm 1: where the norm is at least the threshold, the gradient is scaled to it."""

    says: ClassVar[str] = "Clipping by norm, algorithm 1: if ‖g‖ ≥ threshold, g ← threshold / ‖g‖ · g."

    @property
    def ran(self) -> str:
        return "gradients of three tensors, with norms from a tenth of the threshold to a million times it"

    def errors(self) -> Mapping[str, float]:
        threshold, shapes = 2.0, ((3, 4), (4,), (2, 2))
        rng, found = np.random.default_rng(0), {}
        for size in (0.1, 1.0, 1.5, 1e6):
            whole = [rng.normal(size=shape) for shape in shapes]
            norm = np.sqrt(sum(float((part**2).sum()) for part in whole))
            whole = [part * (size * threshold / norm) for part in whole]
            norm = size * threshold
            expected = [part * threshold / norm if norm >= threshold else part for part in whole]
            clipped = [torch.from_numpy(part.copy()) for part in whole]
            clip_norm(clipped, threshold)
            errors = [largest(ours, theirs) for ours, theirs in zip(clipped, expected, strict=True)]
            found[f"‖g‖ = {size:g} threshold"] = max(errors)
        return found
