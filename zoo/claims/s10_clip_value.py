"""S10: gradient clipping by value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch

from zoo.callbacks.clipping.clips import clip_value
from zoo.claims.base import register_claim
from zoo.claims.system import System, largest


@final
@register_claim("s10")
@dataclass(frozen=True, kw_only=True)
class ClippingByValue(System):
    """Each entry is kept between two thresholds."""

    says: ClassVar[str] = "Clipping by value keeps each entry between a least and a greatest threshold."

    @property
    def ran(self) -> str:
        return "gradients with entries on both sides of two pairs of thresholds"

    def errors(self) -> Mapping[str, float]:
        whole, found = np.random.default_rng(0).normal(0, 3, (50, 4)), {}
        for least, greatest in ((-1.0, 1.0), (-0.5, 2.0)):
            clipped = torch.from_numpy(whole.copy())
            clip_value([clipped], least, greatest)
            expected = np.minimum(np.maximum(whole, least), greatest)
            found[f"from {least:g} to {greatest:g}"] = largest(clipped, expected)
        return found
