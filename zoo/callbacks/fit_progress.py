"""How far a fit has come: what of Lightning's loops has no public name. Tried on lightning 2.6.6.

`tests/callbacks/test_exact_resume.py` notices when any of it changes.
"""

import copy
from dataclasses import asdict
from typing import Any, TypeAlias

from lightning.pytorch import Trainer
from lightning.pytorch.loops.fit_loop import _FitLoop
from lightning.pytorch.loops.progress import _ProcessedTracker

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
    is_ending = trainer.training and total["processed"] == total["completed"] + 1
    if not is_ending or not (validation_is_due(trainer) or is_last_batch_of_epoch(trainer)):
        return None
    progress: Progress = copy.deepcopy(trainer.fit_loop.state_dict())
    for span in progress[TRAINING]["total"], progress[TRAINING]["current"]:
        span["completed"] += 1
    if validation_is_due(trainer):
        _begin_validation(progress)
    else:
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
    batches = loop.epoch_loop.batch_progress.current
    assert isinstance(batches, _ProcessedTracker)
    return batches.processed if loop.restarting and not _all_done(loop) else 0


def _all_done(loop: _FitLoop) -> bool:
    batches = loop.epoch_loop.batch_progress
    assert isinstance(batches.current, _ProcessedTracker)
    return batches.is_last_batch or batches.current.processed >= loop.max_batches


def end_finished_batches(trainer: Trainer) -> None:
    """Goes on with the end of the epoch where the checkpoint is of its last batch and nothing is validated.

    Lightning would ask for one more batch, as no validation has run.
    """
    loop = trainer.fit_loop
    validation = loop.epoch_loop.val_loop
    is_validating = validation.batch_progress.total.ready > validation.batch_progress.total.completed
    if loop.restarting and _all_done(loop) and not is_validating:
        validation._has_run = True


def begin_anew(trainer: Trainer) -> None:
    """Leaves nothing of a restart to the end of the epoch and to the next one.

    Lightning would leave out the step of plateau schedules in the one, and, if no batch was left in it, all
    batches of the other.
    """
    trainer.fit_loop._restarting = False
    if trainer.fit_loop.epoch_loop.restarting:
        trainer.fit_loop.epoch_loop.on_iteration_done()


def has_positions(trainer: Trainer) -> bool:
    """Whether the training loaders can go on in the middle of an epoch."""
    loaders = trainer.fit_loop._combined_loader
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
            each._restarting = False
            each.reset_restart_stage()


def validation_is_due(trainer: Trainer) -> bool:
    """Whether validation follows the batch that has just been trained on."""
    fetcher = trainer.fit_loop._data_fetcher
    assert fetcher is not None
    return trainer.fit_loop.epoch_loop._should_check_val_fx(fetcher)


def is_accumulating(trainer: Trainer) -> bool:
    """Whether the batch that has just been trained on has left gradients for a later step."""
    return trainer.fit_loop._should_accumulate()


def is_last_batch_of_epoch(trainer: Trainer) -> bool:
    """Whether the epoch ends with the batch that has just been trained on."""
    return trainer.fit_loop.epoch_loop._num_ready_batches_reached()


def step_plateaus(trainer: Trainer) -> None:
    """Takes the step of the schedules that look at a metric, as at the end of the epoch before this one."""
    done = trainer.fit_loop.epoch_loop.scheduler_progress
    for config in trainer.lr_scheduler_configs:
        is_due = trainer.current_epoch % config.frequency == 0
        metric = trainer.callback_metrics.get(str(config.monitor))
        if config.reduce_on_plateau and config.interval == "epoch" and is_due and metric is not None:
            done.increment_ready()
            config.scheduler.step(metric)  # type: ignore[arg-type]
            done.increment_completed()
