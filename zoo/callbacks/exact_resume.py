"""A run that goes on from a checkpoint ends as if it had never stopped."""

import copy
from typing import Any, final

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from zoo.callbacks.fit_progress import (
    after_batch,
    batches_done,
    before_validation,
    end_finished_epoch,
    has_positions,
    step_plateaus,
)
from zoo.callbacks.random_state import random_state, restore_random_state


@final
class ExactResume(Callback):
    """Adds to checkpoints what Lightning leaves out, so that a resumed run repeats what would have followed.

    That is the state of the random generators of Python, numpy and torch, of every process; the step of
    ReduceLROnPlateau at the end of an epoch, which is taken after the checkpoint is written; and whatever
    follows a batch, a validation or the end of an epoch, which begins once more if it was in progress.
    `zoo fit` adds this callback by itself.

    A checkpoint from the middle of an epoch needs a training loader that knows its position, as those of the
    zoo's data modules do.

    Raises:
        ValueError: out of a fit that resumes in the middle of an epoch with a loader that has no position.
    """

    def __init__(self) -> None:
        self._restored: list[dict[str, Any]] = []
        self._metrics: dict[str, float] = {}
        self._before_validation: dict[str, Any] | None = None
        self._epoch_ended = False

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Brings the generators back, before any loader is asked for a batch."""
        self._epoch_ended = False
        if len(self._restored) == trainer.world_size:
            restore_random_state(self._restored[trainer.global_rank])
        self._restored = []

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Does what is left of a finished epoch; refuses to begin an unfinished one anew."""
        end_finished_epoch(trainer)
        done = batches_done(trainer)
        if done and not has_positions(trainer):
            raise ValueError(
                f"the checkpoint is from within epoch {trainer.current_epoch + 1}, after {done} batches, and "
                f"the training loader cannot go on from there; expected a loader with state_dict and "
                f"load_state_dict, or a checkpoint from the end of an epoch"
            )
        step_plateaus(trainer, self._metrics, trainer.current_epoch)
        self._metrics = {}

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._epoch_ended = False

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Takes the step of plateau schedules, which Lightning leaves out in an epoch that was resumed."""
        is_resumed = trainer.fit_loop.restarting
        if is_resumed:
            step_plateaus(trainer, trainer.callback_metrics, trainer.current_epoch + 1)
        self._epoch_ended = not is_resumed

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
        states = _gathered(trainer, random_state() if begun is None else begun["random"])
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        checkpoint["exact_resume"] = {"random": states, "metrics": metrics if self._epoch_ended else {}}

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        kept = checkpoint.get("exact_resume", {})
        self._restored, self._metrics = kept.get("random", []), kept.get("metrics", {})


def _gathered(trainer: Trainer, own: dict[str, Any]) -> list[dict[str, Any]]:
    """What all processes have, by rank; all must ask."""
    if trainer.world_size == 1:
        return [own]
    found: list[Any] = [None] * trainer.world_size
    torch.distributed.all_gather_object(found, own)
    return found
