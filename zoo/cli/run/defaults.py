"""The parts of a Trainer that the zoo chooses where the user has not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.fabric.plugins import CheckpointIO
from lightning.pytorch import Callback, LightningModule
from lightning.pytorch.callbacks import Checkpoint, ModelCheckpoint, ModelSummary, ProgressBar

from zoo.callbacks.best_checkpoint import BestCheckpoint
from zoo.callbacks.epochs import EpochsFromOne, Progress
from zoo.callbacks.exact_resume import ExactResume
from zoo.callbacks.gradient_clipping import GradientClipping
from zoo.callbacks.gradient_histogram import GradientHistogram
from zoo.callbacks.gradient_through_time import GradientThroughTime
from zoo.callbacks.non_finite_guard import NonFiniteGuard
from zoo.callbacks.recurrence_health import RecurrenceHealth
from zoo.callbacks.save_on_signal import SaveOnSignal
from zoo.callbacks.verdict import Verdict
from zoo.cli.recipes.merge import as_list
from zoo.cli.run.checkpoints import AtomicCheckpointIO
from zoo.cli.run.output import on_terminal
from zoo.cli.run.threads import ThreadsByWork
from zoo.tasks.base import Task

OBSERVING = (GradientClipping, GradientHistogram, GradientThroughTime, RecurrenceHealth, NonFiniteGuard)
"""Callbacks that measure something to judge."""


def completed(config: dict[str, Any], model: LightningModule, folder: Path | None) -> dict[str, Any]:
    """The arguments of a Trainer, with the zoo's choices where the user made none.

    Args:
        config: The arguments, callbacks as a list.
        model: What is to be trained.
        folder: The run's folder, if it keeps anything.
    """
    callbacks: list[Callback] = [*config["callbacks"], EpochsFromOne(), ThreadsByWork()]
    saves = config["enable_checkpointing"] is not False
    if saves and not _has(callbacks, Checkpoint):
        callbacks += _checkpoints(model, config)
    callbacks.append(SaveOnSignal(folder if saves else None))
    if not _has(callbacks, ExactResume):
        callbacks.append(ExactResume())
    if any(isinstance(part, OBSERVING) for part in callbacks) and not _has(callbacks, Verdict):
        callbacks.append(Verdict())
    plugins = as_list(config["plugins"])
    if not _has(plugins, CheckpointIO):
        plugins.append(AtomicCheckpointIO())
    chosen = {"enable_progress_bar": on_terminal(), "enable_model_summary": _has(callbacks, ModelSummary)}
    unset = {key: value for key, value in chosen.items() if config[key] is None}
    changed = {**config, **unset, "callbacks": callbacks, "plugins": plugins}
    if changed["enable_progress_bar"] and not _has(callbacks, ProgressBar):
        callbacks.append(Progress())
    return changed


def _has(items: list[Any], kind: type) -> bool:
    return any(isinstance(item, kind) for item in items)


def _checkpoints(model: LightningModule, config: Mapping[str, Any]) -> list[ModelCheckpoint]:
    """Keep the last checkpoint and the best; only a task of the zoo is known to log a validation loss."""
    if not isinstance(model, Task) or config["limit_val_batches"] == 0:
        return [ModelCheckpoint(filename="epoch{epoch}", save_last=True, auto_insert_metric_name=False)]
    # At the end of an epoch, when all of it is done; unless there are several validations in one.
    once = config["val_check_interval"] in (None, 1.0) and config["check_val_every_n_epoch"] is not None
    best = BestCheckpoint(
        filename="best-epoch{epoch}",
        monitor="val/loss",
        auto_insert_metric_name=False,
        save_on_train_epoch_end=once or None,
        every_n_epochs=config["check_val_every_n_epoch"] if once else None,
    )
    # With `save_last` Lightning would write it only in epochs that are the best so far.
    return [
        best,
        ModelCheckpoint(filename="last", enable_version_counter=False, save_on_train_epoch_end=True),
    ]
