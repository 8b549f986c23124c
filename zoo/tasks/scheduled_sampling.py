"""Scheduled sampling: a decoder learns to read what it has written itself, little by little."""

import math
from dataclasses import dataclass
from typing import Literal, final

from zoo.registry import Spec


@final
@dataclass(frozen=True, kw_only=True)
class SamplingSpec(Spec):
    """How the share ε of true tokens that a decoder reads in training falls with the optimiser step i.

    Reference: Bengio et al., 2015, https://arxiv.org/abs/1506.03099, section 2.4; each token is decided by
    itself, as there.
    """

    schedule: Literal["linear", "exponential", "inverse_sigmoid"] = "inverse_sigmoid"
    """linear: ε = max(least, k - c i); exponential: ε = k^i; inverse_sigmoid: ε = k / (k + exp(i / k))."""

    k: float = 1000.0
    """linear: ε at the start, at most 1; exponential: below 1; inverse_sigmoid: at least 1."""

    c: float = 0.0
    """linear: by how much ε falls in a step."""

    least: float = 0.0
    """ε never falls below this."""

    def __post_init__(self) -> None:
        super().__post_init__()
        allowed = {
            "linear": (0 < self.k <= 1, "above 0 and at most 1"),
            "exponential": (0 < self.k < 1, "between 0 and 1"),
            "inverse_sigmoid": (self.k >= 1, "at least 1"),
        }
        fits, words = allowed[self.schedule]
        if not fits:
            raise ValueError(f"k is {self.k} with schedule {self.schedule!r}; expected a number {words}")
        if (self.c > 0) != (self.schedule == "linear") or self.c < 0:
            raise ValueError(
                f"c is {self.c} with schedule {self.schedule!r}; expected a number above 0 for 'linear', and "
                f"none for the others"
            )
        if not 0 <= self.least <= 1:
            raise ValueError(f"least is {self.least}; expected a number from 0 to 1")

    def share(self, step: int) -> float:
        """ε after so many steps."""
        if self.schedule == "linear":
            share = self.k - self.c * step
        elif self.schedule == "exponential":
            share = self.k**step
        else:
            share = self.k / (self.k + math.exp(min(step / self.k, 500)))
        return max(self.least, share)
