"""What forecasts are measured by: means over all values that were forecast, beside naive forecasts."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics import Metric, MetricCollection
from torchmetrics.functional import (
    mean_absolute_error,
    mean_squared_error,
    symmetric_mean_absolute_percentage_error,
)

ERRORS = ("mse", "mae", "smape", "mase")
"""What single values are measured by."""
Measured = dict[str, tuple[Tensor, Tensor]]
"""A mean and over how many values, by name."""


@final
class Forecast(NamedTuple):
    """What is forecast for a batch, in the data's own units.

    Attributes:
        mean: (B, H, K).
        bounds: (B, H, K, 2), of the interval; None without a distribution.
        ensemble: (B, H, K, M), equally likely values; None without a distribution.
    """

    mean: Tensor
    bounds: Tensor | None = None
    ensemble: Tensor | None = None


@final
class MeanAt(Metric):
    """The mean at one place of rows of means and counts; NaN where a forecast was, unlike MeanMetric.

    Args:
        place: Which column of both.
    """

    total: Tensor
    count: Tensor

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0.0), dist_reduce_fx="sum")

    def update(self, means: Tensor, counts: Tensor) -> None:
        """Adds means (N, M) over so many values (N, M)."""
        self.total += (means[:, self.place] * counts[:, self.place]).sum()
        self.count += counts[:, self.place].sum()

    def compute(self) -> Tensor:
        return self.total / self.count


def means_of(names: Sequence[str]) -> MetricCollection:
    """A metric of each name, updated with rows of means and of counts in this order."""
    return MetricCollection({name: MeanAt(k) for k, name in enumerate(names)}, compute_groups=False)


def measured(
    forecast: Forecast, naive: Mapping[str, Tensor], y: Float[Tensor, "B H K"], scale: Float[Tensor, "B K"]
) -> Measured:
    """All metrics of a batch.

    Args:
        forecast: What the task says.
        naive: (B, H, K), what needs no training, by name.
        y: What came.
        scale: The mean absolute error of the naive forecast within each window, for the MASE.
    """
    found = errors(forecast.mean, y, scale)
    if forecast.ensemble is not None and forecast.bounds is not None:
        everything = torch.tensor(y.numel(), device=y.device)
        inside = (forecast.bounds[..., 0] <= y) & (y <= forecast.bounds[..., 1])
        found["crps"] = crps(forecast.ensemble, y).mean(), everything
        found["coverage"] = inside.to(y).mean(), everything
    for name, values in naive.items():
        found |= {f"{each}_{name}": pair for each, pair in errors(values, y, scale).items()}
    return found


def errors(mean: Float[Tensor, "B H K"], y: Float[Tensor, "B H K"], scale: Float[Tensor, "B K"]) -> Measured:
    """MSE, MAE, sMAPE (from 0 to 2) and MASE; windows that stand still have no MASE."""
    count = torch.tensor(y.numel(), device=y.device)
    counted = (scale > 0)[:, None].expand_as(y)
    scaled = (mean - y).abs() / torch.where(scale > 0, scale, 1)[:, None]
    flat, true = mean.flatten(), y.flatten()
    return {
        "mse": (mean_squared_error(flat, true), count),
        "mae": (mean_absolute_error(flat, true), count),
        "smape": (symmetric_mean_absolute_percentage_error(flat, true), count),
        "mase": (scaled[counted].sum() / counted.sum().clamp(min=1), counted.sum()),
    }


def naive_error(past: Float[Tensor, "B T K"], lag: int) -> Float[Tensor, "B K"]:
    """The mean absolute change over `lag` steps within each window: what the MASE is scaled by.

    Hyndman and Koehler, 2006, https://doi.org/10.1016/j.ijforecast.2006.03.001, take all of the training
    series; here it is the past that the forecast is made from, and 0 where that is too short.
    """
    if past.shape[1] <= lag:
        return torch.zeros_like(past[:, 0])
    return (past[:, lag:] - past[:, :-lag]).abs().mean(1)


def crps(ensemble: Float[Tensor, "*N M"], y: Float[Tensor, "*N"]) -> Float[Tensor, "*N"]:
    r"""The continuous ranked probability score of equally likely values.

    .. math:: \frac1M \sum_i |x_i - y| - \frac1{M^2} \sum_i (2 i - M - 1) x_{(i)}

    It is that of torchmetrics, which takes the memory of all pairs of values.
    """
    ordered = ensemble.sort(-1).values
    count = ordered.shape[-1]
    ranks = 2 * torch.arange(1, count + 1, device=y.device) - count - 1
    return (ordered - y[..., None]).abs().mean(-1) - (ranks * ordered).sum(-1) / count**2
