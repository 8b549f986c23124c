"""What the callbacks share that look at the runs of recurrences in training steps."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_warn
from torch import Tensor
from torch.optim import Optimizer

from zoo.callbacks.gradients import refuse_shards, scaler_of
from zoo.callbacks.loggers import folder_of, log_values
from zoo.callbacks.summaries import DETAILS, as_table, log_table
from zoo.diagnostics import watch
from zoo.diagnostics.lag_curves import LayerTraces, first_sequences, has_recurrence
from zoo.registry import check_choice, check_positive


@dataclass
class Observation:
    """What a fit in progress needs to remember; a copy of the callback starts without one.

    Attributes:
        folder: The run's folder.
        due: The step from which on the next measurement is wanted.
        began: Optimiser steps taken before the batch in progress.
        traces: What is being recorded of the batch in progress, or None.
        recording: Ends the recording.
        share: How many times its part of the loss of all processes a process goes back from: as many as there
            are, over which gradients are averaged later.
        scale: What that part was multiplied by in the last backward pass, in all.
        last: The last step that was measured, or None.
        values: What was measured last, by key.
    """

    folder: Path
    due: int
    began: int = 0
    traces: LayerTraces | None = None
    recording: ExitStack = field(default_factory=ExitStack)
    share: float = 1.0
    scale: float = 1.0
    last: int | None = None
    values: dict[str, float] = field(default_factory=dict)


class TraceCallback(Callback, ABC):
    """Measures what the recurrent layers do in some of the training steps, and lets the others alone.

    A measured step is the one that training takes anyway: nothing runs through the model once more. Each
    direction of each layer is recorded in it, and replayed by itself before the weights change. Where an
    optimiser step has several micro-batches the last one is measured, where a batch has several optimiser
    steps (manual optimisation) the first one. Only the process of rank zero measures, on its own data.

    Args:
        every_n_steps: Measure every so many optimiser steps, beginning with the first.
        sequences: How many sequences of a batch are looked at, its first ones.
        detail: What W&B and TensorBoard get, where each key is a panel: "summary", the worst values over all
            layers, such as `recurrence/saturated/max`, and at the end one table; "layer" or "gate", the keys
            of each. metrics.csv has all either way.

    Raises:
        ValueError: a number is not positive, or `detail` is none of these; or, when a fit begins, the weights
            are split over processes.
    """

    def __init__(self, every_n_steps: int, sequences: int, detail: str = "summary") -> None:
        check_positive("every_n_steps", every_n_steps)
        check_positive("sequences", sequences)
        check_choice("detail", detail, DETAILS)
        self.every_n_steps, self.sequences, self.detail = every_n_steps, sequences, detail
        self._observation: Observation | None = None

    @abstractmethod
    def measure(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer, traces: LayerTraces
    ) -> None:
        """Measures a step, between its backward pass and its update.

        Args:
            trainer: Of the fit.
            pl_module: What is trained.
            optimizer: The one that is about to step.
            traces: By layer and direction, of the first `sequences` sequences.
        """

    def usable(self, traces: LayerTraces) -> LayerTraces:
        """Those of the traces that can be measured; where none can, the next optimiser step is tried."""
        return traces

    def finish(self, trainer: Trainer, observation: Observation) -> None:
        """Ends the observation of a fit that is over or has failed."""

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the fit in progress out of copies."""
        return self.__dict__ | {"_observation": None}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Refuses what it cannot see whole."""
        if stage == "fit":
            refuse_shards(type(self).__name__, trainer)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Finds the run's folder, and looks for recurrent layers."""
        folder = folder_of(trainer)
        if folder is None:
            return
        if not has_recurrence(pl_module):
            rank_zero_warn(
                f"{type(self).__name__} measures nothing: {type(pl_module).__name__} has no recurrent layer "
                "of the zoo; expected a zoo.Stack somewhere in it"
            )
            return
        # Less 1, for the step that comes next counts, too.
        due, share = self._multiple(trainer.global_step - 1), float(trainer.world_size)
        self._observation = Observation(folder=folder, due=due, share=share, scale=share)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Begins to record, where a measurement is due."""
        observation = self._observation
        if observation is None or trainer.global_step < observation.due:
            return
        observation.began = trainer.global_step
        observation.traces = observation.recording.enter_context(watch(pl_module))

    def on_before_backward(self, trainer: Trainer, pl_module: LightningModule, loss: Tensor) -> None:
        """Notes by what a gradient scaler multiplies the loss, and with it all gradients of activations."""
        observation, scaler = self._observation, scaler_of(trainer)
        if observation is not None and observation.traces is not None and scaler is not None:
            # Here the host waits, which a measured step can afford.
            observation.scale = observation.share * float(scaler.get_scale())

    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer
    ) -> None:
        """Measures while the weights are still those that the batch has met."""
        observation = self._observation
        if observation is None or observation.traces is None:
            return
        traces = self.usable(observation.traces)
        if traces:
            self._stop_recording(observation)
            observation.last = trainer.global_step
            self.measure(trainer, pl_module, optimizer, first_sequences(traces, self.sequences))

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Tensor | Mapping[str, Any] | None,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Ends the recording, which goes on in the next batch if no optimiser has stepped in this one."""
        observation = self._observation
        if observation is None or trainer.global_step < observation.due:
            return
        self._stop_recording(observation)
        if trainer.global_step > observation.began:
            observation.due = self._multiple(observation.began)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends the observation."""
        self._finish(trainer)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Ends the observation of a fit that failed or was interrupted, too."""
        self._finish(trainer)

    def _finish(self, trainer: Trainer) -> None:
        observation, self._observation = self._observation, None
        if observation is not None:
            self._stop_recording(observation)
            self.finish(trainer, observation)

    def _log_measured(
        self, trainer: Trainer, values: Mapping[str, float], step: int, observation: Observation | None
    ) -> None:
        """Sends numbers to all loggers, and keeps them for the table at the end."""
        log_values(trainer, values, step, self.detail)
        if observation is not None:
            observation.values.update(values)

    def _log_table(self, trainer: Trainer, key: str, observation: Observation) -> None:
        """Sends what was measured last, of all layers, as one table."""
        if observation.last is not None:
            log_table(trainer, key, *as_table(observation.values), observation.last)

    def _stop_recording(self, observation: Observation) -> None:
        observation.recording.close()
        observation.traces = None

    def _multiple(self, step: int) -> int:
        """The first step after this one at which to measure."""
        return (step // self.every_n_steps + 1) * self.every_n_steps
