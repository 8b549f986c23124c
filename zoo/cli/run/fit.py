"""`zoo fit`: trains, then tests the best checkpoint."""

from argparse import SUPPRESS
from pathlib import Path
from typing import final

from lightning.pytorch import LightningDataModule, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser
from lightning.pytorch.utilities.model_helpers import is_overridden

from zoo.callbacks.painting import UNITS, WEIGHTS
from zoo.callbacks.say import say
from zoo.callbacks.verdict import Verdict
from zoo.cli.errors import UserError, is_mistake
from zoo.cli.run.job import BuiltRun, Job
from zoo.cli.run.output import numbers, told
from zoo.runs.atomic_file import probe
from zoo.runs.gradient_records import journal_in
from zoo.runs.lag_records import lags_in


@final
class FitJob(Job):
    """Trains a model from the beginning or from a checkpoint."""

    name, method, folder, goes_on = "fit", "fit", "version", True

    def add_arguments(self, parser: LightningArgumentParser) -> None:
        add_folds(parser)
        parser.add_argument(
            "--launcher",
            type=str,
            default=SUPPRESS,
            help="ray: the processes of the run are workers of Ray Train, --trainer.devices of them for each "
            "of --trainer.num_nodes.",
        )

    def do(self, run: BuiltRun) -> None:
        """Trains, tests, and says where everything is.

        Raises:
            UserError: checkpoints cannot be written, or the checkpoint has all steps already.
        """
        check_writable(run.trainer, run.folder)
        run.trainer.fit(**run.options, weights_only=True)
        if run.checkpoint is not None and run.trainer.global_step == run.checkpoint["global_step"]:
            raise UserError(
                f"nothing was trained: the checkpoint has {run.checkpoint['global_step']} steps and "
                f"{run.checkpoint['epoch'] + 1} epochs, and trainer.max_epochs is "
                f"{run.trainer.max_epochs}; expected more"
            )
        tests = run.config.test_after_fit and not run.config.trainer.fast_dev_run
        finish_fit(run.trainer, run.model, run.data if tests else None, run.folder)


def add_folds(parser: LightningArgumentParser) -> None:
    """Adds the option of a cross-validation; where it is given, it is in no configuration."""
    parser.add_argument(
        "--folds",
        type=int,
        default=SUPPRESS,
        help="Cross-validate: divide the items into so many folds, and for each train a new model on the "
        "others and test it on that fold. Ends with a table, also in folds.csv.",
    )


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


def finish_fit(
    trainer: Trainer, model: LightningModule, data: LightningDataModule | None, folder: Path | None
) -> dict[str, float]:
    """Tests the best checkpoint, says where everything is, and returns what the test measured, if anything.

    Args:
        trainer: It has just fitted the model.
        model: What was trained.
        data: What to test on; None for no test.
        folder: The run's folder.
    """
    kept = trainer.checkpoint_callback
    best = kept.best_model_path if isinstance(kept, ModelCheckpoint) else ""
    has_test = data is not None and is_overridden("test_dataloader", data, LightningDataModule)
    metrics = dict[str, float]()
    if has_test and is_overridden("test_step", model):
        metrics = _test(trainer, model, data, best)
    if best:
        say("best", best)
    for part in trainer.callbacks:  # type: ignore[attr-defined]  # set by one of the Trainer's connectors
        if isinstance(part, Verdict):
            for finding in part.findings:
                print(told(finding), flush=True)
    for picture in () if folder is None else _pictures(folder):
        if picture.is_file():
            say("picture", str(picture))
    return metrics


def _test(
    trainer: Trainer, model: LightningModule, data: LightningDataModule | None, best: str
) -> dict[str, float]:
    """Tests the best checkpoint, or the model as it is; data without a test set is no error after a fit."""
    try:
        results = trainer.test(
            model, datamodule=data, ckpt_path=best or None, weights_only=True, verbose=False
        )
    except (ValueError, LookupError, OSError) as error:
        if not is_mistake(error):
            raise
        say("test", f"skipped: {error}")
        return {}
    for metrics in results:
        say("test", numbers(metrics))
    return {name: float(value) for metrics in results for name, value in metrics.items()}


def _pictures(folder: Path) -> list[Path]:
    """Where callbacks put pictures of a run."""
    drawn = [journal.with_suffix(".png") for journal in (journal_in(folder), lags_in(folder))]
    return [*drawn, folder / WEIGHTS, folder / UNITS]
