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
from zoo.diagnostics.histogram import LogBins, summarise
from zoo.diagnostics.layers import by_layer, layer_of
from zoo.diagnostics.measurements import Gate, Measurements, Network, mean_by_lag
from zoo.scan import Passage

SEQUENCES = 32
"""Sequences of a batch that are looked into."""


@final
class Inspection(Callback):
    """Measures a few training steps, of which only the last is taken, and that for its size.

    Args:
        network: What the network is.
        batches: How many steps.
    """

    def __init__(self, network: Network, batches: int) -> None:
        self.network, self.batches = network, batches
        self._watching = ExitStack()
        self._passages: dict[str, Passage] = {}
        self._norms: list[float] = []
        self._layers: dict[str, list[float]] = {}
        self._nonfinite = 0
        self._ways: dict[str, dict[str, list[Any]]] = {}
        self._before: dict[str, Tensor] = {}
        self.horizons: dict[str, float] = {}
        self._updates: dict[str, float] = {}

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._passages = self._watching.enter_context(watch(pl_module))

    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer
    ) -> None:
        """Measures the gradients, and takes them away unless this is the last step."""
        summaries = summarise(named_gradients(pl_module, optimizer), LogBins())
        bad = any(summary.nonfinite for summary in summaries.values())
        self._nonfinite += bad
        if not bad:
            self._norms.append(math.hypot(*(summary.norm for summary in summaries.values())))
            for layer, summary in by_layer(summaries).items():
                self._layers.setdefault(layer, []).append(summary.rms or 0.0)
        if trainer.fit_loop.epoch_loop.batch_idx + 1 < self.batches or bad:
            optimizer.zero_grad(set_to_none=True)
        else:
            self._before = {name: part.detach().clone() for name, part in pl_module.named_parameters()}

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._watching.close()
        for way, passage in self._passages.items():
            if passage.d_outputs is not None:
                self._look(way, passage.first(SEQUENCES))
        if self._before:
            self._updates = _update_ratios(self._before, pl_module)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._watching.close()

    def _look(self, way: str, passage: Passage) -> None:
        found = self._ways.setdefault(way, {})
        found.setdefault("gradient", []).append(gradient_by_lag(passage).tolist())
        errors, weights = lag_norms(passage)
        found.setdefault("error", []).append(errors.tolist())
        found.setdefault("weight", []).append(weights.tolist())
        found.setdefault("gates", []).append(gate_saturation(passage))
        found.setdefault("dead", []).append(dead_units(passage))
        found.setdefault("horizon", []).append(float(memory_horizon(passage).median()))

    @property
    def measured(self) -> Measurements:
        """What was measured in all batches."""
        limit = self.network.limit
        ways = self._ways.items()
        weights = {way: mean_by_lag(found["weight"]) for way, found in ways}
        self.horizons = {way: _median(found["horizon"]) for way, found in ways}
        return Measurements(
            layers={layer: _median(values) for layer, values in self._layers.items()},
            gradients={way: mean_by_lag(found["gradient"]) for way, found in ways},
            errors={way: mean_by_lag(found["error"]) for way, found in ways},
            weights={way: by_lag for way, by_lag in weights.items() if by_lag},
            gates={way: _gates(found["gates"]) for way, found in ways},
            dead={way: _median(found["dead"]) for way, found in ways},
            updates=self._updates,
            norms=self._norms,
            clipped=None
            if limit is None
            else float(np.mean([norm >= limit for norm in self._norms] or [False])),
            nonfinite=self._nonfinite,
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


def _update_ratios(before: dict[str, Tensor], module: LightningModule) -> dict[str, float]:
    """Norm of the update over norm of the weights, for each layer."""
    squares: dict[str, list[float]] = {}
    for name, part in module.named_parameters():
        if part.requires_grad and name in before:
            pair = squares.setdefault(layer_of(name).replace(" ", "_"), [0.0, 0.0])
            pair[0] += float((part.detach() - before[name]).double().square().sum())
            pair[1] += float(before[name].double().square().sum())
    return {layer: math.sqrt(change / size) for layer, (change, size) in squares.items() if size > 0}
