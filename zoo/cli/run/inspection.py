"""What `zoo inspect` measures: a few batches of training data, with weights that stay as they are."""

import math
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any, final

import numpy as np
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor
from torch.optim import Optimizer

from zoo.callbacks.gradients import named_gradients
from zoo.diagnostics import (
    dead_units,
    gate_saturation,
    gradient_by_lag,
    lag_norms,
    memory_horizon,
    watch,
)
from zoo.diagnostics.health_metrics import update_ratios
from zoo.diagnostics.histogram import LogBins, summarise
from zoo.diagnostics.parameter_paths import by_layer
from zoo.diagnostics.quantities import Metric
from zoo.engines import LayerTrace
from zoo.verdict.measurements import Gate, Measurements, Network, Nonfinite, mean_by_lag

SEQUENCES, FARTHEST = 32, 64
"""Sequences of a batch that are looked into, and how many steps back one by one."""


@final
class Inspection(Callback):
    """Measures a few training steps, of which only the last is taken, and that for its size.

    Args:
        network: What the network is.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._watching = ExitStack()
        self._traces: dict[str, LayerTrace] = {}
        self._norms: list[float] = []
        self._layers: dict[str, list[float]] = {}
        self._broken: list[bool] = []
        self._ways: dict[str, dict[str, list[Any]]] = {}
        self._before: dict[str, Tensor] = {}
        self._updates: dict[str, float] = {}

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._traces = self._watching.enter_context(watch(pl_module))

    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer
    ) -> None:
        """Measures the gradients, and takes them away unless this is the last step."""
        summaries = summarise(named_gradients(pl_module, optimizer), LogBins())
        bad = any(summary.nonfinite for summary in summaries.values())
        self._broken.append(bad)
        if not bad:
            self._norms.append(math.hypot(*(summary.norm for summary in summaries.values())))
            for layer, summary in by_layer(summaries).items():
                self._layers.setdefault(layer, []).append(summary.rms or 0.0)
        if bad or not trainer.fit_loop.epoch_loop.batch_progress.is_last_batch:
            optimizer.zero_grad(set_to_none=True)
        elif not self._before:
            self._before = _weights(pl_module)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._watching.close()
        for way, trace in self._traces.items():
            if trace.d_outputs is not None:
                self._look(way, trace.first(SEQUENCES))
        if self._before:
            ratios = update_ratios(self._before, _weights(pl_module), {})
            metrics = {Metric.of(key): ratio for key, ratio in ratios.items()}
            self._updates = {metric.place: ratio for metric, ratio in metrics.items() if metric is not None}

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._watching.close()

    def _look(self, way: str, trace: LayerTrace) -> None:
        found = self._ways.setdefault(way, {})
        found.setdefault("gradient", []).append(gradient_by_lag(trace).tolist())
        errors, weights, rest = lag_norms(trace, FARTHEST)
        found.setdefault("rest", []).append(rest)
        found.setdefault("error", []).append(errors.tolist())
        found.setdefault("weight", []).append(weights.tolist())
        found.setdefault("gates", []).append(gate_saturation(trace))
        found.setdefault("dead", []).append(dead_units(trace))
        found.setdefault("horizon", []).append(float(memory_horizon(trace).median()))

    @property
    def measured(self) -> Measurements:
        """What was measured in all batches."""
        limit = self.network.limit
        ways = self._ways.items()
        weights = {way: mean_by_lag(found["weight"]) for way, found in ways}
        beyond = [norm >= limit for norm in self._norms] if limit is not None else []
        return Measurements(
            layers={layer: _median(values) for layer, values in self._layers.items()},
            gradients={way: mean_by_lag(found["gradient"]) for way, found in ways},
            errors={way: mean_by_lag(found["error"]) for way, found in ways},
            weights={way: by_lag for way, by_lag in weights.items() if by_lag},
            gates={way: _gates(found["gates"]) for way, found in ways},
            rests={way: _median(found["rest"]) for way, found in ways},
            horizons={way: _median(found["horizon"]) for way, found in ways},
            dead={way: _median(found["dead"]) for way, found in ways},
            updates=self._updates,
            norms=self._norms,
            clipped=float(np.mean(beyond)) if beyond else None,
            nonfinite=sum(self._broken),
            measured=Nonfinite.of(range(len(self._broken)), self._broken),
            network=self.network,
        )


def _median(values: Iterable[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.median(known)) if known else math.nan


def _gates(found: list[dict[str, Any]]) -> dict[str, Gate]:
    """Each gate over all batches."""
    letters = found[0] if found else {}
    return {
        letter: Gate(
            float(np.mean([each[letter].share for each in found if letter in each])),
            float(np.mean([each[letter].mean for each in found if letter in each])),
        )
        for letter in letters
    }


def _weights(module: LightningModule) -> dict[str, Tensor]:
    """A copy of all that is trained."""
    named = module.named_parameters()
    return {name: part.detach().clone() for name, part in named if part.requires_grad}
