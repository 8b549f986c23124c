"""A window of the past: its level, what stands one season ago in it, and forecasts that need no training."""

from typing import NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

LEAST_SPREAD = 1e-5
"""A window that does not move is not scaled up."""


@final
class Level(NamedTuple):
    """What a window is shifted and scaled by, so that networks see all windows alike, and undo it.

    Reference: Kim et al., 2022 (reversible instance normalisation), https://openreview.net/forum?id=cGDAkQo1C0p,
    without its learned gains; Salinas et al., 2020, https://arxiv.org/abs/1704.04110 for counts.

    Attributes:
        center: (B, 1, K).
        spread: (B, 1, K).
    """

    center: Tensor
    spread: Tensor

    @classmethod
    def none(cls, past: Tensor) -> "Level":
        """That of a window that is left as it is."""
        return cls(torch.zeros_like(past[:, :1]), torch.ones_like(past[:, :1]))

    @classmethod
    def of(cls, past: Float[Tensor, "B T K"]) -> "Level":
        """Mean and standard deviation of each window; 1 for the latter where a window stands still."""
        spread = past.std(1, keepdim=True, correction=0)
        return cls(past.mean(1, keepdim=True), torch.where(spread > LEAST_SPREAD, spread, 1))

    @classmethod
    def of_counts(cls, past: Float[Tensor, "B T K"]) -> "Level":
        """No shift, and 1 more than the mean, which no window has below 1."""
        return cls(torch.zeros_like(past[:, :1]), 1 + past.mean(1, keepdim=True))

    def down(self, values: Tensor) -> Tensor:
        """Values (B, H, K) of level 0 and spread 1."""
        return (values - self.center) / self.spread

    def up(self, values: Tensor) -> Tensor:
        """What `down` has made of values, undone; (B, H, K) or (B, H, K, Q)."""
        if values.dim() == 4:
            return values * self.spread[..., None] + self.center[..., None]
        return values * self.spread + self.center


def last_value(past: Float[Tensor, "B T K"], horizon: int) -> Float[Tensor, "B H K"]:
    """The last value of the window, for every step to come."""
    return past[:, -1:].expand(-1, horizon, -1)


def seasonal_naive(past: Float[Tensor, "B T K"], horizon: int, season: int) -> Float[Tensor, "B H K"]:
    """The value of the same time of the last season that the window has."""
    ahead = torch.arange(horizon, device=past.device) % season
    return past[:, past.shape[1] - season + ahead]


def naive_forecasts(
    past: Float[Tensor, "B T K"], horizon: int, season: int | None
) -> dict[str, Float[Tensor, "B H K"]]:
    """The forecasts that need no training: `last_value` and, where there is a season, `seasonal_naive`."""
    found = {"last_value": last_value(past, horizon)}
    return found if season is None else found | {"seasonal_naive": seasonal_naive(past, horizon, season)}


def differences(values: Float[Tensor, "B T K"], lag: int) -> Float[Tensor, "B T K"]:
    """The change of each value since `lag` steps before; 0 where these are not in the window."""
    changes = values[:, lag:] - values[:, :-lag]
    return torch.cat([torch.zeros_like(values[:, : values.shape[1] - changes.shape[1]]), changes], 1)
