"""A run that goes on from a checkpoint ends as if it had never stopped."""

import copy
from typing import Any, final

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import GradientAccumulationScheduler, StochasticWeightAveraging
from torch import Tensor

from zoo.callbacks import CALLBACKS
from zoo.callbacks.fit_progress import (
    after_batch,
    batches_done,
    before_validation,
    begin_anew,
    end_finished_batches,
    end_finished_epoch,
    has_positions,
    step_plateaus,
)
from zoo.callbacks.random_state import random_state, restore_random_state
from zoo.processes import gathered

ACTING_AS_AN_EPOCH_BEGINS = (GradientAccumulationScheduler, StochasticWeightAveraging)
"""Callbacks of Lightning that set something when an epoch begins, and must when a part of it is left."""


@final
@CALLBACKS.register("exact_resume")
class ExactResume(Callback):
    """Adds to checkpoints what Lightning leaves out, so that a resumed run repeats what would have followed.

    That is the state of the random generators of Python, numpy and torch, of every process; the step of
    ReduceLROnPlateau at the end of an epoch, which is taken after the checkpoint is written; and whatever
    follows a batch, a validation or the end of an epoch, which begins once more if it was in progress.
    Several processes draw random numbers of their own, from one seed.
    `zoo fit` adds this callback by itself.

    A checkpoint from the middle of an epoch needs a training loader that knows its position, as those of the
    zoo's data modules do.

    Raises:
        ValueError: out of a fit that resumes in the middle of an epoch with a loader that has no position, or
            with another number of processes.
    """

    def __init__(self) -> None:
        self._restored: list[dict[str, Any]] = []
        self._metrics: dict[str, Tensor] = {}
        self._before_validation: dict[str, Any] | None = None
        self._epoch_ended = False

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Brings the generators back, before any loader is asked for a batch."""
        self._restore(trainer)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Does what is left of a finished epoch; refuses to begin an unfinished one anew."""
        end_finished_epoch(trainer)
        end_finished_batches(trainer)
        if trainer.fit_loop.restarting:  # the loader has drawn for an epoch that had already begun
            self._restore(trainer)
        done, processes = batches_done(trainer), len(self._restored) or trainer.world_size
        if done and processes != trainer.world_size:
            raise ValueError(
                f"the checkpoint is from within epoch {trainer.current_epoch + 1} of {processes} "
                f"processes, and {trainer.world_size} are to go on; expected as many, or a checkpoint from "
                f"the end of an epoch"
            )
        if done and not has_positions(trainer):
            raise ValueError(
                f"the checkpoint is from within epoch {trainer.current_epoch + 1}, after {done} batches, and "
                f"the training loader cannot go on from there; expected a loader with state_dict and "
                f"load_state_dict, or a checkpoint from the end of an epoch"
            )
        if done:
            for callback in trainer.callbacks:  # type: ignore[attr-defined]  # set by one of its connectors
                if isinstance(callback, ACTING_AS_AN_EPOCH_BEGINS):
                    callback.on_train_epoch_start(trainer, pl_module)
        trainer.callback_metrics.update(self._metrics)
        if self._epoch_ended:
            step_plateaus(trainer)
        self._restored, self._metrics = [], {}

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._epoch_ended = False

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends a resumed epoch like any other; Lightning would leave out the step of plateau schedules."""
        begin_anew(trainer)
        self._epoch_ended = True

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Notes how training stands, in case that a checkpoint is written before validation ends."""
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self._before_validation = {"progress": before_validation(trainer), "random": random_state()}

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._before_validation = None

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._before_validation = None

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Adds the generators' states of all processes, and what is still to be done in this epoch."""
        begun = self._before_validation
        progress = after_batch(trainer) if begun is None else copy.deepcopy(begun["progress"])
        if progress is not None:
            checkpoint["loops"]["fit_loop"] = progress
        own = random_state() if begun is None else begun["random"]
        metrics = {name: value.detach().cpu().clone() for name, value in trainer.callback_metrics.items()}
        checkpoint["exact_resume"] = {
            "random": gathered(own, trainer.world_size),
            # A plateau schedule has its step after the checkpoint is written, and takes it by these.
            "metrics": metrics,
            "epoch_ended": self._epoch_ended,
        }

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        kept = checkpoint.get("exact_resume", {})
        self._restored, self._metrics = kept.get("random", []), kept.get("metrics", {})
        self._epoch_ended = kept.get("epoch_ended", False)

    def _restore(self, trainer: Trainer) -> None:
        # The states of another number of processes belong to none of these.
        if len(self._restored) == trainer.world_size:
            restore_random_state(self._restored[trainer.global_rank])
        elif trainer.global_rank:  # all have begun with one seed, and would drop the same units
            torch.manual_seed(torch.initial_seed() + trainer.global_rank)
