"""How far a fit has come, and where it goes on. `tests/callbacks/test_exact_resume.py` holds it."""

import copy
from dataclasses import asdict
from typing import Any, TypeAlias

from lightning.pytorch import Trainer

from zoo.private.lightning_names import (
    batches_processed,
    epoch_ends,
    forget_restart,
    mark_validated,
    training_loaders,
    validates_now,
)

Progress: TypeAlias = dict[str, Any]
TRAINING, VALIDATION = "epoch_loop.batch_progress", "epoch_loop.val_loop.batch_progress"
"""Where the progress of training and validation is kept among that of a fit."""


def before_validation(trainer: Trainer) -> Progress:
    """The progress of a fit whose validation begins, from which it will begin once more."""
    progress: Progress = copy.deepcopy(trainer.fit_loop.state_dict())
    _begin_validation(progress)
    return progress


def after_batch(trainer: Trainer) -> Progress | None:
    """The progress of a fit that has just trained on a batch, from which it goes on with what follows.

    None where Lightning's own will do, which leaves out a validation after it, and the end of an epoch.
    """
    total = asdict(trainer.fit_loop.epoch_loop.batch_progress.total)
    # Lightning counts a batch as completed only when all callbacks have seen its end.
    is_ending = trainer.training and total["processed"] == total["completed"] + 1
    if not is_ending or not (validates_now(trainer) or epoch_ends(trainer)):
        return None
    progress: Progress = copy.deepcopy(trainer.fit_loop.state_dict())
    for span in progress[TRAINING]["total"], progress[TRAINING]["current"]:
        span["completed"] += 1
    if validates_now(trainer):
        _begin_validation(progress)
    else:
        # Lightning counts this last of all, and loggers take their steps from it.
        progress["epoch_loop.state_dict"]["_batches_that_stepped"] += 1
    return progress


def _begin_validation(progress: Progress) -> None:
    """Makes progress look as if the first batch of a validation were in progress."""
    total, current = progress[VALIDATION]["total"], progress[VALIDATION]["current"]
    done = total["completed"]
    total |= {"ready": done + 1, "started": done + 1, "processed": done}
    current |= {"ready": 1, "started": 1, "processed": 0, "completed": 0}


def batches_done(trainer: Trainer) -> int:
    """Training batches that are behind a fit which goes on in the middle of an epoch; 0 where all are."""
    loop = trainer.fit_loop
    return batches_processed(loop) if loop.restarting and not _all_done(trainer) else 0


def _all_done(trainer: Trainer) -> bool:
    loop = trainer.fit_loop
    return loop.epoch_loop.batch_progress.is_last_batch or batches_processed(loop) >= loop.max_batches


def end_finished_batches(trainer: Trainer) -> None:
    """Goes on with the end of the epoch where the checkpoint is of its last batch and nothing is validated.

    Lightning would ask for one more batch, as no validation has run.
    """
    loop = trainer.fit_loop
    validation = loop.epoch_loop.val_loop
    is_validating = validation.batch_progress.total.ready > validation.batch_progress.total.completed
    if loop.restarting and _all_done(trainer) and not is_validating:
        mark_validated(loop)


def begin_anew(trainer: Trainer) -> None:
    """Leaves nothing of a restart to the end of the epoch and to the next one.

    Lightning would leave out the step of plateau schedules in the one, and, if no batch was left in it, all
    batches of the other.
    """
    forget_restart(trainer.fit_loop)
    if trainer.fit_loop.epoch_loop.restarting:
        trainer.fit_loop.epoch_loop.on_iteration_done()


def has_positions(trainer: Trainer) -> bool:
    """Whether the training loaders can go on in the middle of an epoch."""
    loaders = training_loaders(trainer)
    return loaders is not None and all(hasattr(loader, "load_state_dict") for loader in loaders.flattened)


def end_finished_epoch(trainer: Trainer) -> None:
    """Begins the next epoch where the checkpoint is of the end of one.

    Lightning does so only if the fit is limited by epochs; if by steps, it would end the same epoch again.
    """
    loop = trainer.fit_loop
    epochs = loop.epoch_progress
    now = asdict(epochs.current)
    if loop.restarting and now["ready"] == now["started"] == now["processed"]:
        epochs.current.completed = now["processed"]
        epochs.total.completed = epochs.total.ready
        for each in (loop, loop.epoch_loop, loop.epoch_loop.val_loop):
            forget_restart(each)
            each.reset_restart_stage()


def step_plateaus(trainer: Trainer) -> None:
    """Takes the step of the schedules that look at a metric, as at the end of the epoch before this one."""
    done = trainer.fit_loop.epoch_loop.scheduler_progress
    for config in trainer.lr_scheduler_configs:
        # Lightning counts epochs from 1 here, and `current_epoch` is already the one after.
        is_due = trainer.current_epoch % config.frequency == 0
        metric = trainer.callback_metrics.get(str(config.monitor))
        if config.reduce_on_plateau and config.interval == "epoch" and is_due and metric is not None:
            done.increment_ready()
            config.scheduler.step(metric)  # type: ignore[arg-type]
            done.increment_completed()
