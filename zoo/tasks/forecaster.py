"""Forecasting: the next H values of some variables, from a window of their past."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, final

import torch
from lightning.pytorch.utilities import rank_zero_only
from torch import Tensor
from torchmetrics import MetricCollection

from zoo.model import Model, ModelSpec
from zoo.tasks import TASKS
from zoo.tasks.answers import Curves, Record
from zoo.tasks.base import Task
from zoo.tasks.contract import Batch, Contract, Entry
from zoo.tasks.forecast_heads import head_of
from zoo.tasks.forecast_metrics import ERRORS, Forecast, means_of, measured, naive_error
from zoo.tasks.forecast_runs import Runs, Window, window_of
from zoo.tasks.forecast_spec import ForecastSpec
from zoo.tasks.forecast_window import naive_forecasts
from zoo.tasks.forecast_words import BASELINES, PARTS, TRUE, by_part, compared, drawn
from zoo.tasks.from_data import Sized
from zoo.tasks.item_weights import mean_of_items
from zoo.tasks.optimisation import OptimizerSpec, ScheduleSpec

SHOWN = ("mse", "mase")
"""The errors that are logged of forecasts without training."""
SMALLER_START = 0.1
"""Share of the head's usual first weights, so that training begins near the naive forecast."""
logger = logging.getLogger(__name__)


@final
@TASKS.register("forecaster")
class Forecaster(Task):
    """Forecasts the next H values of K variables, as numbers or with how sure it is.

    Batches: x (B, T, I), whose first K columns are the past of what is forecast; y (B, H, K); optional
    center and spread (B, K), which turn both into the data's own units (value * spread + center); known
    (B, T + H, F) and static (B, S) where the data has such covariates. What the network reads is x, each
    window shifted and scaled to level 0 and spread 1; the change of the K columns since the value that is
    corrected; static; and known, H steps ahead (direct) or one (autoregressive).

    By default the network corrects a naive forecast: the last value, or that of a season ago. Logs the loss,
    and beside the mean squared error, the mean absolute error, sMAPE (0 to 2) and MASE in the data's own
    units those of the last value and of the seasonal naive forecast (`test/mse_last_value`,
    `test/mse_seasonal_naive`); of distributions CRPS and the coverage of the interval, too. After testing it
    says whether it was better than they are. In training the loss alone is logged.

    A direct forecast may come from a bidirectional stack: all it reads lies in the past. An autoregressive
    one may not: its states would have seen the value that is to be forecast.
    Reference: Salinas et al., 2020, https://arxiv.org/abs/1704.04110 (autoregressive); Kim et al., 2022,
    https://openreview.net/forum?id=cGDAkQo1C0p (levels of windows).

    Args:
        network: The network; sizes that it leaves open come from the data.
        optimizer: The optimiser.
        schedule: The learning-rate schedule; None keeps the rate.
        forecast: What is forecast, and how.
    """

    model: Model
    output = "targets"
    weighs_items = True

    def __init__(
        self,
        network: ModelSpec | Mapping[str, Any],
        optimizer: OptimizerSpec | Mapping[str, Any] = OptimizerSpec(),  # noqa: B008 (it is frozen)
        schedule: ScheduleSpec | Mapping[str, Any] | None = None,
        forecast: ForecastSpec | Mapping[str, Any] = ForecastSpec(),  # noqa: B008 (it is frozen)
    ) -> None:
        self.forecast = ForecastSpec.of(forecast)
        self._is_built = False
        self.head = head_of(self.forecast.head, self.forecast.quantiles)
        super().__init__(network, optimizer, schedule)

    def setup(self, stage: str) -> None:
        """Takes from the data how far, of what and with what it is to forecast, then builds the model."""
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        if isinstance(data, Sized):
            self.forecast = self.forecast.resolved(data.sizes)
        super().setup(stage)
        if not self._is_built:
            self._build()
        self._check_sizes()
        self._keep_hyper_parameters()

    def model_sizes(self, data_sizes: Mapping[str, int]) -> dict[str, int]:
        """The width that the network reads and the one that it writes, for data of these sizes."""
        forecast, targets = self.forecast, self.forecast.targets or 1
        steps = 1 if forecast.mode == "autoregressive" else forecast.steps
        sizes = {"output_size": steps * targets * self.head.size}
        if "input_size" in data_sizes:
            sizes["input_size"] = data_sizes["input_size"] + self._added
        return sizes

    @property
    def _added(self) -> int:
        """How many columns the network reads beside those of x."""
        forecast = self.forecast
        changes = 0 if forecast.lag is None else forecast.targets or 1
        return (forecast.known or 0) + (forecast.static or 0) + changes

    def _check(self) -> None:
        encoder, pooling = self.network.encoder, self.network.pooling
        others = [name for name in encoder.directions if name != "forward"]
        if self.network.vocab_size is not None:
            raise ValueError(
                f"a forecaster reads numbers; got vocab_size {self.network.vocab_size}, expected input_size"
            )
        if self.forecast.mode == "direct" and pooling == "none":
            raise ValueError(
                "a direct forecast is made from the whole window; got pooling 'none', expected 'last' or "
                "another, or forecast.mode 'autoregressive'"
            )
        if self.forecast.mode == "autoregressive" and others:
            raise ValueError(
                f"an autoregressive forecast goes on from the state after the window, and a {others[0]} "
                f"layer has read the window from its end, or would have to read values that are yet to "
                f"come; got direction {encoder.direction!r}, expected 'forward', or forecast.mode 'direct'"
            )
        if self.forecast.mode == "autoregressive" and pooling != "none":
            raise ValueError(
                f"an autoregressive forecast is made at every step; got pooling {pooling!r}, expected 'none'"
            )

    def _check_sizes(self) -> None:
        """Refuses a network of other widths than what is forecast asks for."""
        forecast, targets = self.forecast, self.forecast.targets or 1
        expected = self.model_sizes({})["output_size"]
        if self.network.output_size != expected:
            raise ValueError(
                f"output_size is {self.network.output_size}, and a {forecast.mode} forecast of {targets} "
                f"variables over {forecast.steps} steps with the head {forecast.head!r} has {expected}; "
                f"expected that, or leave it open"
            )
        width = (self.network.input_size or 1) - self._added
        if forecast.mode == "autoregressive" and width != targets:
            raise ValueError(
                f"an autoregressive forecast feeds on itself, and x has {width} columns for {targets} "
                f"variables, whose others nobody knows ahead; expected them as known or static, or "
                f"forecast.mode 'direct'"
            )

    def _build(self) -> None:
        """Builds the model once it is known how far it forecasts: for some data, only in `setup`."""
        if self.forecast.horizon is not None:
            super()._build()
            self._is_built = True

    def add_modules(self) -> None:
        """Begins near the naive forecast."""
        if self.network.init_range is None and self.forecast.lag is not None:
            self.model.head.weight.data.mul_(SMALLER_START)

    def entries(self) -> dict[str, Entry]:
        """What a batch holds: a window, what comes after it, its units, and covariates."""
        forecast, width = self.forecast, (self.network.input_size or 1) - self._added
        targets, found = forecast.targets or 1, super().entries()
        del found["lengths"]
        if forecast.mode == "autoregressive":
            found.pop("deltas", None)
        unit = _numbers("B", targets, is_optional=True)
        y = _numbers("B", forecast.horizon or "H", targets, is_target=True)
        found |= {"x": _numbers("B", "T", width), "y": y, "center": unit, "spread": unit}
        if forecast.known:
            found["known"] = _numbers("B", "T + H", forecast.known)
        if forecast.static:
            found["static"] = _numbers("B", forecast.static)
        return found

    def contract(self) -> Contract:
        """What the batches must hold; windows are whole."""
        refused = {"lengths": "windows of one length"}
        if self.forecast.mode == "autoregressive":
            refused["deltas"] = "steps of equal length, or forecast.mode 'direct'"
        return replace(super().contract(), refused=refused)

    def metrics(self, output_size: int) -> MetricCollection:
        return means_of(self._measures)

    @property
    def _measures(self) -> list[str]:
        """The names of all metrics."""
        sure = ["crps", "coverage"] if self.head.is_random else []
        return [*ERRORS, *sure, *(f"{error}_{name}" for name in self._naive for error in SHOWN)]

    @property
    def _naive(self) -> list[str]:
        """The forecasts without training that there are."""
        return [name for name in BASELINES if name == "last_value" or self.forecast.season is not None]

    @property
    def _runs(self) -> Runs:
        return Runs(model=self.model, spec=self.forecast, head=self.head)

    def _forecast(self, window: Window, placed: Tensor | None) -> Forecast:
        """What is forecast, in the data's own units; `placed` are the numbers of a direct one."""
        half = (1 - self.forecast.interval) / 2
        bounds = (half, 1 - half)
        if placed is None:
            paths = self._up(self._runs.along_itself(window), window)
            between = torch.quantile(paths, paths.new_tensor(bounds), dim=-1).movedim(0, -1)
            return (
                Forecast(paths.mean(-1), between, paths) if self.head.is_random else Forecast(paths[..., 0])
            )
        mean = self._up(self.head.mean(placed), window)
        if not self.head.is_random:
            return Forecast(mean)
        count = self.forecast.samples
        levels = [*bounds, *((k + 0.5) / count for k in range(count))]
        values = self._up(self.head.quantiles(placed, levels), window)
        return Forecast(mean, values[..., :2], values[..., 2:])

    def _up(self, values: Tensor, window: Window) -> Tensor:
        """Values of the head in the data's own units."""
        return values if self.head.in_units else window.unit.up(window.level.up(values))

    def _predict(self, batch: Batch) -> Tensor:
        """Forecasts (B, H, K, 1) in the data's own units; (B, H, K, 3) with the bounds of an interval."""
        window = window_of(batch, self.forecast, self.head)
        direct = self.forecast.mode == "direct"
        found = self._forecast(window, self._runs.direct(window) if direct else None)
        return torch.cat([found.mean[..., None], *([] if found.bounds is None else [found.bounds])], -1)

    def records(self, predicted: Tensor, batch: Batch, legend: Mapping[str, Any]) -> list[Record]:
        """The forecasts of each variable, the bounds of their interval, and what is true if known."""
        names = legend.get("targets") or [str(k) for k in range(predicted.shape[2])]
        parts = [*PARTS[: predicted.shape[3]]]
        window = window_of(batch, self.forecast, self.head)
        if window.y is not None:
            parts.append(TRUE)
            predicted = torch.cat([predicted, window.unit.up(window.y).unsqueeze(3)], 3)
        return by_part(predicted, names, parts)

    def costs(self, predicted: Tensor, batch: Batch) -> Tensor:
        """The mean absolute error of each window, in the data's own units."""
        truth = window_of(batch, self.forecast, self.head)
        assert truth.y is not None
        return (predicted[..., 0] - truth.unit.up(truth.y)).abs().mean((1, 2))

    def forecasts(self, predicted: Tensor, batch: Batch) -> dict[str, Tensor] | None:
        window, spec = window_of(batch, self.forecast, self.head), self.forecast
        assert window.y is not None
        naive = naive_forecasts(window.unit.up(window.past), spec.steps, spec.season)
        return {TRUE: window.unit.up(window.y), PARTS[0]: predicted[..., 0], **naive}

    def curves(self, predicted: Tensor, batch: Batch) -> list[Curves]:
        """The past, the truth, the forecast and its interval, of the first variable."""
        window = window_of(batch, self.forecast, self.head)
        assert window.y is not None
        past, truth = (window.unit.up(part)[..., 0] for part in (window.past, window.y))
        return drawn(past, truth, predicted[:, :, 0])

    def _step(self, batch: Batch, stage: str) -> Tensor:
        window, runs = window_of(batch, self.forecast, self.head), self._runs
        assert window.y is not None
        direct = self.forecast.mode == "direct"
        placed = runs.direct(window) if direct else runs.along_truth(window)
        y = window.y if self.head.in_units else window.level.down(window.y)
        costs, weights = self.head.loss(placed, y), self._item_weights(batch, stage)
        loss = mean_of_items(costs, weights)
        if stage != "train":
            self._measure(stage, window, self._forecast(window, placed if direct else None))
        return self._logged(loss, stage)

    def _measure(self, stage: str, window: Window, forecast: Forecast) -> None:
        """Counts a batch for the metrics of a stage."""
        assert window.y is not None
        past, y, spec = window.unit.up(window.past), window.unit.up(window.y), self.forecast
        naive = naive_forecasts(past, spec.steps, spec.season)
        found = measured(forecast, naive, y, naive_error(past, spec.season or 1))
        pairs = [found[name] for name in self._measures]
        means, counts = (torch.stack([pair[k].to(y) for pair in pairs])[None] for k in (0, 1))
        self._count(stage, means, counts)

    def on_train_epoch_end(self) -> None:
        """Logs nothing: forecasts of training windows would take longer than the training."""

    def on_test_epoch_end(self) -> None:
        """Says whether what was trained is better than what needs no training."""
        self._count_all("test")
        errors = {
            name.removeprefix("test/"): float(each) for name, each in self._metrics("test").compute().items()
        }
        super().on_test_epoch_end()
        _say(*compared(errors))


def _numbers(*axes: str | int, is_target: bool = False, is_optional: bool = False) -> Entry:
    return Entry(axes=axes, kind="floating-point numbers", is_target=is_target, is_optional=is_optional)


@rank_zero_only
def _say(is_better: bool, sentence: str) -> None:
    logger.log(logging.INFO if is_better else logging.WARNING, sentence)
