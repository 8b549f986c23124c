"""`zoo validate`, `test` and `predict`: what a checkpoint does on data."""

from pathlib import Path
from typing import Any, final

from zoo.callbacks.say import say
from zoo.cli.errors import FailedError, of_disk
from zoo.cli.run.checkpoints import save
from zoo.cli.run.job import BuiltRun, Job
from zoo.cli.run.output import numbers


@final
class ValidateJob(Job):
    """Measures a checkpoint on validation data."""

    name, method, folder, needs_checkpoint = "validate", "validate", "validate", True

    def do(self, run: BuiltRun) -> None:
        for metrics in run.trainer.validate(**run.options, weights_only=True, verbose=False):
            say(self.name, numbers(metrics))


@final
class TestJob(Job):
    """Measures a checkpoint on test data."""

    name, method, folder, needs_checkpoint = "test", "test", "test", True

    def do(self, run: BuiltRun) -> None:
        for metrics in run.trainer.test(**run.options, weights_only=True, verbose=False):
            say(self.name, numbers(metrics))


@final
class PredictJob(Job):
    """Writes what a checkpoint predicts."""

    name, method, folder, needs_checkpoint = "predict", "predict", "predict", True

    def do(self, run: BuiltRun) -> None:
        keep(run.trainer.predict(**run.options, weights_only=True), run.folder)


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
