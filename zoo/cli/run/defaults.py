"""What surrounds a run: the trainer's own parts, and what is done when training has ended."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.fabric.plugins import CheckpointIO
from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint, ModelCheckpoint, ModelSummary, ProgressBar
from lightning.pytorch.utilities.model_helpers import is_overridden

from zoo.callbacks.best_checkpoint import BestCheckpoint
from zoo.callbacks.epochs import EpochsFromOne, Progress
from zoo.callbacks.exact_resume import ExactResume
from zoo.callbacks.gradient_clipping import GradientClipping
from zoo.callbacks.gradient_histogram import GradientHistogram
from zoo.callbacks.gradient_through_time import GradientThroughTime
from zoo.callbacks.non_finite_guard import NonFiniteGuard
from zoo.callbacks.recurrence_health import RecurrenceHealth
from zoo.callbacks.save_on_signal import SaveOnSignal
from zoo.callbacks.say import say
from zoo.callbacks.verdict import Verdict
from zoo.cli.errors import FailedError, UserError, is_mistake, of_disk
from zoo.cli.recipes.merge import listed
from zoo.cli.run.checkpoints import AtomicCheckpointIO, save
from zoo.cli.run.inspect import told
from zoo.cli.run.output import numbers, on_terminal
from zoo.runs.atomic_file import probe
from zoo.runs.gradient_records import journal_in
from zoo.runs.lag_records import lags_in
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
    callbacks: list[Callback] = [*config["callbacks"], EpochsFromOne()]
    saves = config["enable_checkpointing"] is not False
    if saves and not _has(callbacks, Checkpoint):
        callbacks += _checkpoints(model, config)
    callbacks.append(SaveOnSignal(folder if saves else None))
    if not _has(callbacks, ExactResume):
        callbacks.append(ExactResume())
    if any(isinstance(part, OBSERVING) for part in callbacks) and not _has(callbacks, Verdict):
        callbacks.append(Verdict())
    plugins = listed(config["plugins"])
    if not _has(plugins, CheckpointIO):
        plugins.append(AtomicCheckpointIO())
    chosen = {"enable_progress_bar": on_terminal(), "enable_model_summary": _has(callbacks, ModelSummary)}
    unset = {key: value for key, value in chosen.items() if config[key] is None}
    changed = {**config, **unset, "callbacks": callbacks, "plugins": plugins}
    if changed["enable_progress_bar"] and not _has(callbacks, ProgressBar):
        callbacks.append(Progress())
    return changed


def check_writable(trainer: Trainer, folder: Path | None) -> None:
    """Looks whether checkpoints can be written, before an epoch is trained in vain.

    Of several processes the first looks, for only it knows the run's folder yet.

    Args:
        trainer: It is about to fit a model.
        folder: The run's folder.

    Raises:
        UserError: they cannot.
    """
    for part in trainer.checkpoint_callbacks:
        if trainer.is_global_zero and isinstance(part, ModelCheckpoint):
            place = Path(part.dirpath or folder or trainer.default_root_dir)
            try:
                probe(place)
            except OSError as error:
                raise UserError(
                    f"checkpoints cannot be written to {place}: {error.strerror}; expected a place that "
                    f"can be written to"
                ) from error


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


def finish_fit(
    trainer: Trainer, model: LightningModule, data: LightningDataModule | None, folder: Path | None
) -> None:
    """Tests the best checkpoint and says where everything is.

    Args:
        trainer: It has just fitted the model.
        model: What was trained.
        data: What to test on; None for no test.
        folder: The run's folder.
    """
    kept = trainer.checkpoint_callback
    best = kept.best_model_path if isinstance(kept, ModelCheckpoint) else ""
    has_test = data is not None and is_overridden("test_dataloader", data, LightningDataModule)
    if has_test and is_overridden("test_step", model):
        _test(trainer, model, data, best)
    if best:
        say("best", best)
    for part in trainer.callbacks:  # type: ignore[attr-defined]  # set by one of the Trainer's connectors
        if isinstance(part, Verdict):
            for finding in part.findings:
                print(told(finding), flush=True)
    for journal in () if folder is None else (journal_in(folder), lags_in(folder)):
        picture = journal.with_suffix(".png")
        if picture.is_file():
            say("picture", str(picture))


def _test(trainer: Trainer, model: LightningModule, data: LightningDataModule | None, best: str) -> None:
    """Tests the best checkpoint, or the model as it is; data without a test set is no error after a fit."""
    try:
        results = trainer.test(
            model, datamodule=data, ckpt_path=best or None, weights_only=True, verbose=False
        )
    except (ValueError, LookupError, OSError) as error:
        if not is_mistake(error):
            raise
        say("test", f"skipped: {error}")
        return
    for metrics in results:
        say("test", numbers(metrics))


def keep(predictions: Any, folder: Path | None) -> None:
    """Writes predictions, one entry per batch, beside the run's other files.

    Raises:
        FailedError: they cannot be written.
    """
    path = (folder or Path()) / "predictions.pt"
    try:
        save(predictions, path)
    except OSError as error:
        raise FailedError(f"cannot write the predictions: {of_disk(error)}") from error
    say("written", f"{len(predictions)} batches of predictions: {path}")
